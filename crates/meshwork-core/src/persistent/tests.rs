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
        let (mut tree, mut model) = (PersistentMap::default(), BTreeMap::new());
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
    let mut tree: PersistentMap<u32, u32> = PersistentMap::default();
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
    let mut tree: PersistentMap<u32, u32> = PersistentMap::default();
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
    let mut tree: PersistentMap<(u8, String), u8> = PersistentMap::default();
    for (a, b) in [(1, "x"), (2, ""), (2, "y"), (3, "z")] {
        tree.insert((a, b.to_owned()), a);
    }
    let names: Vec<&str> = tree.group(&2).map(|(b, _)| b.as_str()).collect();
    assert_eq!(names, ["", "y"]);
    assert_eq!(tree.group(&4).count(), 0);
}

#[test]
fn built_at_once_as_one_after_the_other() {
    for len in [0, 1, 31, 32, 33, 1023, 1024, 1025, 5000] {
        let sorted: PersistentMap<u32, u32> = (0..len).map(|key| (key, key + 1)).collect();
        let mut mixed: Vec<_> =
            (0..len).map(|key| (key.wrapping_mul(7919) % len.max(1), 0)).collect();
        mixed.extend((0..len).map(|key| (key, key + 1)));
        let mixed: PersistentMap<u32, u32> = mixed.into_iter().collect();
        assert_eq!(sorted, mixed);
        assert_eq!(sorted.len(), len as usize);
        for key in 0..len {
            assert_eq!(sorted.get(&key), Some(&(key + 1)), "{key} of {len}");
        }
        assert_eq!(sorted.get(&len), None);
    }
}

#[test]
fn a_diff_is_what_the_maps_of_the_standard_library_differ_in() {
    for seed in 0..40 {
        let mut next = numbers(seed);
        let size = [0, 1, 40, 300, 3000][seed as usize % 5];
        let mut older: PersistentMap<u64, u64> = (0..size).map(|key| (key * 2, 0)).collect();
        for _ in 0..next(50) {
            older.insert(next(size * 2 + 1), 1);
            older.remove(&next(size * 2 + 1));
        }
        let mut newer = older.clone();
        let (few, range) = (next(12), next(size * 2 + 1) + 1);
        for _ in 0..few * next(20) {
            match next(3) {
                0 => drop(newer.remove(&next(range))),
                _ => drop(newer.insert(next(range), 2)),
            }
        }
        let mut expected = BTreeMap::new();
        for key in older.keys().chain(newer.keys()) {
            let pair = (older.get(key).copied(), newer.get(key).copied());
            if pair.0 != pair.1 {
                expected.insert(*key, pair);
            }
        }
        let found: Vec<_> = older
            .diff(&newer)
            .map(|change| (*change.key, (change.before.copied(), change.after.copied())))
            .collect();
        assert!(found.is_sorted_by(|a, b| a.0 < b.0));
        let real: BTreeMap<_, _> = found.into_iter().filter(|(_, (a, b))| a != b).collect();
        assert_eq!(real, expected, "seed {seed}");
    }
}

#[test]
fn a_diff_looks_at_little_more_than_the_change() {
    let before: PersistentMap<u32, u32> = (0..100_000).map(|key| (key, key)).collect();
    let mut after = before.clone();
    after.insert(50_000, 0);
    after.remove(&7);
    after.insert(200_000, 0);
    let looked_at = before.diff(&after).count();
    assert!(looked_at <= 4 * FULL, "{looked_at}");
    assert_eq!(before.diff(&before).count(), 0);
}
