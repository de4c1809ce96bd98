//! The tree behaves as a `BTreeMap` and shares what did not change.

use std::collections::BTreeMap;

use super::*;

/// A small generator of numbers, so that the test is the same every time.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

#[test]
fn agrees_with_a_map_of_the_standard_library() {
    for seed in 0..8 {
        let mut next = numbers(seed);
        let (mut tree, mut model) = (Tree::default(), BTreeMap::new());
        for step in 0..6000 {
            let key = next(700);
            if next(if step < 3000 { 4 } else { 2 }) == 0 {
                assert_eq!(tree.remove(&key), model.remove(&key));
            } else {
                assert_eq!(tree.insert(key, step), model.insert(key, step));
            }
            assert_eq!(tree.len(), model.len());
            if step % 97 == 0 {
                assert!(tree.iter().eq(model.iter()));
                let from = next(700);
                assert!(tree.iter_after(|key| *key < from).eq(model.range(from..)));
                assert_eq!(tree.get(&from), model.get(&from));
            }
        }
        for key in 0..700 {
            assert_eq!(tree.remove(&key), model.remove(&key));
        }
        assert_eq!(tree.iter().count(), 0);
    }
}

#[test]
fn a_clone_keeps_its_entries() {
    let mut tree: Tree<u32, u32> = Tree::default();
    for key in 0..1000 {
        tree.insert(key, key);
    }
    let before = tree.clone();
    tree.insert(500, 0);
    tree.remove(&3);
    assert_eq!((before.get(&500), before.get(&3), before.len()), (Some(&500), Some(&3), 1000));
    assert_eq!((tree.get(&500), tree.get(&3), tree.len()), (Some(&0), None, 999));
}

#[test]
fn a_change_copies_one_path() {
    fn leaves(node: &Arc<Node<u32, u32>>, out: &mut Vec<*const ()>) {
        out.push(Arc::as_ptr(node).cast());
        if let Node::Branch(children) = &**node {
            children.iter().for_each(|(_, child)| leaves(child, out));
        }
    }
    let mut tree: Tree<u32, u32> = Tree::default();
    for key in 0..20_000 {
        tree.insert(key, key);
    }
    let before = tree.clone();
    tree.insert(7777, 1);
    let (mut old, mut new) = (Vec::new(), Vec::new());
    leaves(&before.root, &mut old);
    leaves(&tree.root, &mut new);
    let copied = new.iter().filter(|node| !old.contains(node)).count();
    assert!(copied <= 4, "{copied} of {} nodes were copied", new.len());
}

#[test]
fn groups_are_ranges_of_pairs() {
    let mut tree: Tree<(u8, String), u8> = Tree::default();
    for (a, b) in [(1, "x"), (2, ""), (2, "y"), (3, "z")] {
        tree.insert((a, b.to_owned()), a);
    }
    let names: Vec<&str> = tree.group(&2).map(|(b, _)| b.as_str()).collect();
    assert_eq!(names, ["", "y"]);
    assert_eq!(tree.group(&4).count(), 0);
}
