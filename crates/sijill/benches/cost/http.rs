//! Answers over HTTP, acknowledged durable and then confirmed, beside the same server over a log in memory.

use crate::Scale;
use crate::stage::{Stage, play};
use crate::table::{Rate, Row, in_turn, rate, ratio};
use sijill_scenarios::Bench;
use sijill_server::Service;
use sijill_server::measure::BatchLimits;
use sijill_store::measure::log_in_memory;
use sijill_store::{DataDir, Log};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The longest that one run may take.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

pub fn rows(scale: &Scale) -> Vec<Row> {
    let bench = play(scale.of(10_000), |text| text);
    let mut rows = Vec::new();
    for connections in [64, 256] {
        let [durable, in_memory] = in_turn(
            2 * scale.rounds - 1,
            [
                ("durable", &mut || {
                    run(&bench, connections, |dir| Log::open(dir).unwrap())
                }),
                ("in memory", &mut || run(&bench, connections, log_in_memory)),
            ],
        );
        rows.push(Row::at_least(
            &format!("HTTP answers acknowledged durable, {connections} connections"),
            "the same server acknowledging without storing",
            ratio(&durable, &in_memory),
            0.75,
        ));
    }
    rows
}

fn run(bench: &Bench, connections: usize, log: impl FnOnce(DataDir) -> Log) -> Rate {
    let stage = Stage::of(bench, BatchLimits::default(), log);
    let requests = requests(bench);
    serving(&stage.service, |address| {
        let rate = asked(address, &requests, connections);
        let expected = (bench.entries.len() + bench.tokens.len()) as u64;
        assert_eq!(stage.entries(), expected);
        rate
    })
}

/// Serves for as long as `work` takes, which gets to know where.
pub fn serving<T>(service: &Service, work: impl FnOnce(SocketAddr) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { drop(stopped.await) };
    let server = runtime.spawn(sijill_server::run(
        listener,
        service.clone(),
        sijill_server::Site::default(),
        shutdown,
    ));
    let done = work(address);
    stop.send(()).unwrap();
    runtime.block_on(server).unwrap().unwrap();
    done
}

/// The rate at which these requests are answered over so many connections, which are there before.
pub fn asked(address: SocketAddr, requests: &[String], connections: usize) -> Rate {
    let client = Builder::new_current_thread().enable_all().build().unwrap();
    // An answer and its confirmation are two requests, and go over one connection.
    let share = requests.len().div_ceil(connections).next_multiple_of(2);
    let parts = requests.chunks(share).map(<[String]>::to_vec);
    let open = async |part| (TcpStream::connect(address).await.unwrap(), part);
    // One after another: what a listener has not taken yet is bounded, and who comes too many waits a second.
    let open: Vec<_> = parts.map(|part| client.block_on(open(part))).collect();
    rate(requests.len() as u32, || {
        client
            .block_on(async { tokio::time::timeout(RUN_TIME_MAX, send_all(open)).await })
            .unwrap();
    })
}

/// One answer of everybody, each followed by the page that confirms it.
fn requests(bench: &Bench) -> Vec<String> {
    let host = &bench.terms.host;
    let requests = |token: &sijill_poll::credential::Token| {
        let token = token.reveal();
        [
            format!(
                "POST /p/{token} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nanswer=yes"
            ),
            format!("GET /p/{token}/confirmation/in/en HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        ]
    };
    bench.tokens.iter().flat_map(requests).collect()
}

/// Sends over each connection its part, each request after the answer to the one before.
async fn send_all(connections: Vec<(TcpStream, Vec<String>)>) {
    let one = |(mut stream, part): (TcpStream, Vec<String>)| async move {
        let mut buffer = Vec::new();
        for request in part {
            stream.write_all(request.as_bytes()).await.unwrap();
            take_answer(&mut stream, &mut buffer).await;
        }
    };
    let local = tokio::task::LocalSet::new();
    for connection in connections {
        local.spawn_local(one(connection));
    }
    local.await;
}

/// Reads one whole response, which must be a page, or lead to one.
async fn take_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the server hung up"
        );
        let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end])
            .unwrap()
            .to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().unwrap();
        if buffer.len() >= end + 4 + length {
            assert!(
                head.starts_with("http/1.1 200") || head.starts_with("http/1.1 303"),
                "{}",
                String::from_utf8_lossy(buffer)
            );
            return;
        }
    }
}
