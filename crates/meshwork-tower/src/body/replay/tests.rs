//! A body that several readers take, within its limit.

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};

use super::*;

fn frames(frames: Vec<Frame<Bytes>>) -> impl http_body::Body<Data = Bytes, Error = BoxError> {
    StreamBody::new(stream::iter(frames.into_iter().map(Ok)))
}

#[tokio::test]
async fn a_second_copy_repeats_data_and_trailers() {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let replay = Replay::new(
        frames(vec![
            Frame::data("ab".into()),
            Frame::data("c".into()),
            Frame::trailers(trailers.clone()),
        ]),
        3,
    );
    for _ in 0..2 {
        let copy = replay.copy().collect().await.unwrap();
        assert_eq!(copy.trailers(), Some(&trailers));
        assert_eq!(copy.to_bytes(), "abc");
        assert!(replay.can_replay());
    }
}

#[tokio::test]
async fn a_copy_may_begin_while_another_is_under_way() {
    let replay = Replay::new(frames(vec![Frame::data("a".into()), Frame::data("b".into())]), 9);
    let mut first = replay.copy();
    assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    drop(first);
    assert_eq!(replay.copy().collect().await.unwrap().to_bytes(), "ab");
}

#[tokio::test]
async fn beyond_the_limit_only_the_copy_in_front_goes_on() {
    let replay = Replay::new(frames(vec![Frame::data("ab".into()), Frame::data("cd".into())]), 3);
    assert!(replay.can_replay());
    assert_eq!(replay.copy().collect().await.unwrap().to_bytes(), "abcd");
    assert!(!replay.can_replay());
    assert!(replay.copy().collect().await.is_err());
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_known_at_once() {
    assert!(!Replay::new(Full::new(Bytes::from("abcd")), 3).can_replay());
    assert!(Replay::new(Full::new(Bytes::from("abc")), 3).can_replay());
}

#[tokio::test]
async fn a_shadow_that_lags_is_given_up_and_the_copy_is_not() {
    let data = |text: &'static str| Frame::data(Bytes::from(text));
    let replay = Replay::new(frames(vec![data("ab"), data("cd"), data("ef")]), 3);
    let shadow = replay.shadow();
    assert_eq!(replay.copy().collect().await.unwrap().to_bytes(), "abcdef");
    assert!(shadow.collect().await.is_err());
}

#[tokio::test]
async fn a_shadow_follows() {
    let replay = Replay::new(frames(vec![Frame::data("ab".into()), Frame::data("c".into())]), 9);
    let (copy, shadow) = (replay.copy(), replay.shadow());
    let (shadow, copy) = tokio::join!(shadow.collect(), copy.collect());
    assert_eq!(copy.unwrap().to_bytes(), "abc");
    assert_eq!(shadow.unwrap().to_bytes(), "abc");
}
