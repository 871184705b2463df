//! Connections that are lost, answers that are none: nothing is believed sent, or not sent, that is not known to be.

use crate::desk::{Desk, free, settings};
use crate::server::{Line, Server};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const CLOSED: &str = "down: the gateway closed the connection before it answered";

/// A desk that is up, with the connection that it made.
async fn scene() -> (Server, Desk, Line) {
    let (server, settings) = Server::open().await;
    let mut desk = Desk::open(settings);
    let line = server.connection().await;
    assert_eq!(desk.told().await, "up");
    (server, desk, line)
}

#[tokio::test]
async fn a_request_that_was_said_and_not_answered_is_unanswered_and_the_next_one_waits() {
    for (said, why) in [
        ("", CLOSED),
        ("HTTP/1.1 202 Acc", CLOSED),
        (
            "HTTP/1.1 400 Bad\r\nContent-Length: 60\r\n\r\nNumber(s)",
            "down: the gateway broke off its answer",
        ),
        (
            "220 smtp.example\r\n",
            "down: what answers at the gateway's address speaks no HTTP",
        ),
        (
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
            "down: what answers at the gateway's address does not say whether it took a message (HTTP 500)",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nWelcome",
            "down: what answers at the gateway's address does not say whether it took a message (HTTP 200)",
        ),
    ] {
        let (server, mut desk, mut line) = scene().await;
        desk.send(1, "Hi").await;
        line.request().await;
        line.say(said).await;
        drop(line);
        assert_eq!(desk.told().await, why);
        assert_eq!(desk.told().await, "1.0 unanswered");
        let _line = server.connection().await;
        assert_eq!(desk.told().await, "up");
    }
}

#[tokio::test]
async fn what_was_accepted_is_so_though_the_rest_of_the_answer_never_came() {
    let (_server, mut desk, mut line) = scene().await;
    desk.send(1, "Hi").await;
    line.request().await;
    line.say("HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Acc")
        .await;
    drop(line);
    assert_eq!(desk.told().await, "1.0 accepted as 1.1.0");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let (_server, mut desk, mut line) = scene().await;
    desk.send(1, "Hi").await;
    line.request().await;
    line.say("HTTP/1.1 400 Bad\r\nContent-Length: 100000000\r\n\r\n")
        .await;
    let endless =
        tokio::spawn(async move { while line.0.write_all(&[b' '; 1024]).await.is_ok() {} });
    assert_eq!(desk.told().await, "down: the gateway broke off its answer");
    assert_eq!(desk.told().await, "1.0 unanswered");
    endless.await.unwrap();
}

#[tokio::test]
async fn silence_is_told_when_its_time_is_over() {
    let (server, mut settings) = Server::open().await;
    settings.times.response = Duration::from_millis(200);
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    assert_eq!(desk.told().await, "up");
    desk.send(1, "Hi").await;
    line.request().await;
    assert_eq!(desk.told().await, "down: the gateway does not answer");
    assert_eq!(desk.told().await, "1.0 unanswered");
    assert_eq!(line.next().await, None);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_again_without_a_word() {
    let (server, mut desk, line) = scene().await;
    drop(line);
    tokio::time::sleep(Duration::from_millis(50)).await;
    desk.send(1, "Hi").await;
    let mut line = server.connection().await;
    line.request().await;
    line.answer(202, "").await;
    assert_eq!(desk.told().await, "1.0 accepted as 1.1.0");
}

#[tokio::test]
async fn where_nothing_takes_messages_they_are_unsent() {
    let (server, mut desk, mut line) = scene().await;
    desk.send(1, "Hi").await;
    line.request().await;
    line.answer(404, "Unknown request.").await;
    let expected = "down: nothing takes messages at the gateway's address (HTTP 404)";
    assert_eq!(desk.told().await, expected);
    assert_eq!(desk.told().await, "1.0 unsent");
    let _line = server.connection().await;
    assert_eq!(desk.told().await, "up");
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_taken_and_what_was_handed_over_is_unsent() {
    let mut desk = Desk::open(settings(free()));
    desk.send(1, "Hi").await;
    for _ in 0..3 {
        assert_eq!(
            desk.told().await,
            "down: nobody listens at the gateway's address"
        );
    }
    let mut rest = desk.leave().await;
    rest.retain(|told| !told.starts_with("down: "));
    assert_eq!(rest, ["1.0 unsent"]);
}

#[tokio::test]
async fn a_gateway_that_goes_away_and_comes_back_is_found_again() {
    let gateway = free();
    let mut desk = Desk::open(settings(gateway));
    assert!(desk.told().await.starts_with("down: "));
    let listener = tokio::net::TcpListener::bind(gateway).await.unwrap();
    while desk.told().await != "up" {}
    let mut line = Line(listener.accept().await.unwrap().0);
    desk.send(1, "Hi").await;
    line.request().await;
    line.answer(202, "").await;
    assert_eq!(desk.told().await, "1.0 accepted as 1.1.0");
}
