//! Callbacks: answered with 200 when what they say is on disk, and never without the secret.

use crate::desk::{Desk, SECRET, SOON};
use crate::server::{Server, call, called};
use sijill_outreach::gateway::Report;
use sijill_outreach::kannel::limits::CALLBACKS_MAX;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A desk that is up, and where it listens.
async fn scene() -> (Server, Desk, SocketAddr) {
    let (server, settings) = Server::open().await;
    let listen = settings.callbacks.listen;
    let mut desk = Desk::open(settings);
    let _line = server.connection().await;
    assert_eq!(desk.told().await, "up");
    (server, desk, listen)
}

fn receipt(id: &str) -> String {
    format!("/{SECRET}/dlr?poll=bridge&id={id}&type=1&reply=")
}

#[tokio::test]
async fn a_callback_is_answered_when_it_is_confirmed_and_not_before() {
    let (_server, mut desk, listen) = scene().await;
    let reply =
        format!("/{SECRET}/sms?from=%2B9647701234567&coding=2&charset=UTF-16BE&text=%06D%06%27");
    for (target, expected) in [
        (receipt("7.1.0"), "receipt 7.1.0 Delivered "),
        (reply, "reply true لا"),
    ] {
        let calling = tokio::spawn(async move { call(listen, &target).await });
        let report = desk.report().await;
        assert_eq!(crate::desk::told(&report), expected);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!calling.is_finished());
        let (Report::Receipt { ack, .. } | Report::Reply { ack, .. }) = report else {
            panic!("{report:?}");
        };
        ack.give();
        assert_eq!(calling.await.unwrap(), Some(200));
    }
}

#[tokio::test]
async fn what_is_not_confirmed_is_to_be_said_again() {
    let (_server, mut desk, listen) = scene().await;
    let calling = tokio::spawn(async move { call(listen, &receipt("7.1.0")).await });
    drop(desk.report().await);
    assert_eq!(calling.await.unwrap(), Some(503));
}

#[tokio::test]
async fn nobody_without_the_secret_is_heard_and_nothing_strange_is_told() {
    let (_server, mut desk, listen) = scene().await;
    let query = "poll=bridge&id=7.1.0&type=1";
    for (target, status) in [
        ("/".to_owned(), 404),
        (format!("/dlr?{query}"), 404),
        (format!("/kept-from-everybody-0124/dlr?{query}"), 404),
        (format!("/{SECRET}/other?{query}"), 404),
        (format!("/{SECRET}/dlr?poll=bridge&id=7.1&type=1"), 400),
        (format!("/{SECRET}/sms?text=a"), 400),
        (format!("/{SECRET}/dlr?poll=other&id=7.1.0&type=1"), 200),
        (format!("/{}", "a".repeat(10_000)), 431),
    ] {
        assert_eq!(call(listen, &target).await, Some(status), "{target}");
    }
    let posted = format!(
        "POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        receipt("7.1.0")
    );
    assert_eq!(called(listen, &posted).await, Some(405));
    assert_eq!(called(listen, "no HTTP\r\n\r\n").await, Some(400));
    desk.nothing_is_told().await;
}

#[tokio::test]
async fn whoever_holds_all_connections_open_keeps_others_out_and_nothing_more() {
    let (_server, mut desk, listen) = scene().await;
    let mut held = Vec::new();
    for _ in 0..CALLBACKS_MAX {
        held.push(TcpStream::connect(listen).await.unwrap());
    }
    let calling = tokio::spawn(async move { call(listen, "/").await });
    desk.nothing_is_told().await;
    assert!(!calling.is_finished());
    held.truncate(CALLBACKS_MAX - 1);
    assert_eq!(timeout(SOON, calling).await.unwrap().unwrap(), Some(404));
}

#[tokio::test]
async fn a_leave_waits_for_the_confirmation_of_what_was_told() {
    let (_server, mut desk, listen) = scene().await;
    let calling = tokio::spawn(async move { call(listen, &receipt("7.1.0")).await });
    let Report::Receipt { ack, .. } = desk.report().await else {
        panic!("no receipt");
    };
    let leave = tokio::spawn(desk.leave());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!leave.is_finished());
    ack.give();
    assert_eq!(calling.await.unwrap(), Some(200));
    assert_eq!(leave.await.unwrap(), Vec::<String>::new());
}
