//! What a gateway answers, and what is told of it.

use crate::desk::Desk;
use crate::server::Server;

#[tokio::test]
async fn a_request_has_account_number_text_and_where_receipts_go() {
    let (server, settings) = Server::open().await;
    let callbacks = settings.callbacks.address.clone();
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    desk.send(7, &"ن".repeat(71)).await;
    let first = line.request().await;
    let callback = callbacks.replace(':', "%3A").replace('/', "%2F");
    let expected = format!(
        "/cgi-bin/sendsms?username=sijill&password=pass%26word&from=Portal&to=%2B9647701234567\
         &udh=%05%00%03%07%02%01&coding=2&charset=UTF-16BE&text={}&dlr-mask=23&dlr-url={callback}\
         %2Fkept-from-everybody-0123%2Fdlr%3Fpoll%3Dbridge%26id%3D7.1.0%26type%3D%25d%26reply%3D%25A",
        "%06F".repeat(67)
    );
    assert_eq!(first, expected);
    let second = server.connection().await.request().await;
    assert!(second.contains("udh=%05%00%03%07%02%02&") && second.contains("id%3D7.1.1%26"));
    assert_eq!(desk.told().await, "up");
}

#[tokio::test]
async fn each_answer_is_told_as_what_it_means_over_one_connection() {
    let (server, settings) = Server::open().await;
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    assert_eq!(desk.told().await, "up");
    for (invitation, (status, body, expected)) in (1..).zip([
        (202, "0: Accepted for delivery", "1.0 accepted as 1.1.0"),
        (202, "3: Queued for later delivery", "2.0 accepted as 2.1.0"),
        (200, "0: Accepted for delivery", "3.0 accepted as 3.1.0"),
        (
            503,
            "Temporal failure, try again later.",
            "4.0 refused 0x64",
        ),
        (429, "", "5.0 refused 0x58"),
        (
            400,
            "Number(s) has/have been denied by white- and/or black-lists.",
            "6.0 refused 0xb",
        ),
        (403, "Not routable. Do not try again.", "7.0 refused 0x45"),
        (400, "UDH field misformed, rejected", "8.0 refused 0x103"),
    ]) {
        desk.send(invitation, "Hi").await;
        line.request().await;
        line.answer(status, body).await;
        assert_eq!(desk.told().await, expected);
    }
    assert_eq!(desk.leave().await, Vec::<String>::new());
    server.nobody_connects().await;
}

#[tokio::test]
async fn an_account_that_is_refused_stops_everything_and_nothing_is_asked_again() {
    let (server, mut settings) = Server::open().await;
    settings.window = 1;
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    for invitation in [1, 2] {
        desk.send(invitation, "Hi").await;
    }
    line.request().await;
    line.answer(403, "Authorization failed for sendsms").await;
    assert_eq!(desk.told().await, "up");
    let expected = [
        "1.0 unsent",
        "2.0 unsent",
        "stopped: the gateway refuses this account, or this machine (HTTP 403)",
    ];
    assert_eq!(desk.leave().await, expected);
    server.nobody_connects().await;
}

#[tokio::test]
async fn no_more_requests_wait_at_once_than_the_window_has_room_for() {
    let (server, mut settings) = Server::open().await;
    settings.window = 3;
    let mut desk = Desk::open(settings);
    let mut lines = Vec::new();
    for invitation in 1..=3 {
        desk.send(invitation, "Hi").await;
        let mut line = server.connection().await;
        line.request().await;
        lines.push(line);
    }
    assert_eq!(desk.told().await, "up");
    desk.send(4, "Hi").await;
    server.nobody_connects().await;
    lines[1].answer(202, "").await;
    assert_eq!(desk.told().await, "2.0 accepted as 2.1.0");
    assert!(lines[1].request().await.contains("id%3D4.1.0"));
}

#[tokio::test]
async fn a_leave_waits_for_what_is_on_its_way_and_frees_the_port() {
    let (server, settings) = Server::open().await;
    let listen = settings.callbacks.listen;
    let again = settings.clone();
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    assert_eq!(desk.told().await, "up");
    desk.send(1, "Hi").await;
    line.request().await;
    let leave = tokio::spawn(desk.leave());
    server.nobody_connects().await;
    assert!(!leave.is_finished());
    line.answer(202, "").await;
    assert_eq!(leave.await.unwrap(), ["1.0 accepted as 1.1.0"]);
    assert!(std::net::TcpListener::bind(listen).is_ok());
    assert_eq!(Desk::open(again).told().await, "up");
}

#[tokio::test]
async fn a_port_that_another_program_has_is_named_at_once() {
    let (_server, settings) = Server::open().await;
    let _other = std::net::TcpListener::bind(settings.callbacks.listen).unwrap();
    let error = sijill_outreach::kannel::connect(settings.clone()).unwrap_err();
    let expected = format!(
        "cannot listen on `{}` for receipts (address in use): choose another port, or end the program that has it",
        settings.callbacks.listen
    );
    assert_eq!(error.to_string(), expected);
}
