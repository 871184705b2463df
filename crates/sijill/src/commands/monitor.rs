//! `sijill monitor`: a running service at a glance, once a second. It reads and changes nothing.

mod screen;

use crate::clerk::{self, Clerk, MonitorLink};
use crate::fault::Exit;
use crate::moment::rfc3339;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use serde_json::json;
use sijill_server::ServerError;
use sijill_server::overview::Overview;
use std::io::IsTerminal;
use std::time::Duration;

/// How often to look.
const LOOK: Duration = Duration::from_secs(1);

/// Puts the cursor in the corner and clears the screen.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Watch a running server: arrivals, refusals, queue, disk, publications
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It asks over the data directory's socket, changes nothing, and ends with Ctrl-C. With --once or --json, or where standard output is no terminal, it looks once; then the exit code is 1 if the service takes no answers.\n\nExample: sijill monitor --data /var/lib/sijill"
)]
pub struct Args {
    /// Look once and end
    #[arg(long)]
    once: bool,
    /// Print a link that opens the monitor in a browser, once within ten minutes; links and visits before it end
    #[arg(long, conflicts_with = "once")]
    link: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let mut clerk = Clerk::at_the_server(settings)?;
    if args.link {
        let link = clerk::at_the_desk(clerk, Clerk::monitor_link)?;
        say_link(settings, &link)?;
        return Ok(Exit::Well);
    }
    if args.once || settings.console.json || !std::io::stdout().is_terminal() {
        let seen = clerk::at_the_desk(clerk, Clerk::overview)?;
        let json = serde_json::to_value(&seen)?;
        settings.console.answer(&screen::draw(&seen), &json)?;
        return Ok(exit_of(&seen));
    }
    let mut last = clerk.overview()?;
    loop {
        show(settings, &screen::draw(&last))?;
        std::thread::sleep(LOOK);
        match clerk.overview() {
            Ok(seen) => last = seen,
            Err(error) if is_gone(&error) => clerk = wait_for_a_server(settings, &last)?,
            Err(error) => return Err(error),
        }
    }
}

fn say_link(settings: &Settings, link: &MonitorLink) -> Result<()> {
    // A portal lets people through to polls, and nobody to the monitor: it is opened where the service listens.
    let site = link.site.clone().filter(|_| settings.portal.is_none());
    let here = link.listening.map(|address| format!("http://{address}"));
    let address = format!("{}{}", site.or(here).unwrap_or_default(), link.path);
    let until = rfc3339(link.until / 1_000 * 1_000);
    settings.console.message(&format!(
        "opens the monitor once, until {until}; links and visits before it have ended"
    ));
    let json = json!({"address": address, "path": link.path, "until": until});
    settings.console.answer(&address, &json)
}

fn exit_of(seen: &Overview) -> Exit {
    match seen.state.as_str() {
        "ok" => Exit::Well,
        _ => Exit::NotSo,
    }
}

/// Whether a server that was asked is not there any more; any other error is one that it, or whoever asks, has.
fn is_gone(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ServerError::Desk(_)))
}

/// The server is gone: says so above what was seen last, until there is one again.
fn wait_for_a_server(settings: &Settings, last: &Overview) -> Result<Clerk> {
    let since = rfc3339(signing::now() / 1_000 * 1_000);
    let text = format!(
        "NO SERVER since {since}; waiting for one. Seen last:\n\n{}",
        screen::draw(last)
    );
    loop {
        show(settings, &text)?;
        std::thread::sleep(LOOK);
        if let Ok(clerk) = Clerk::at_the_server(settings) {
            return Ok(clerk);
        }
    }
}

fn show(settings: &Settings, text: &str) -> Result<()> {
    settings
        .console
        .line(&format!("{CLEAR}{}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_server::Desk;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixListener;

    /// What somebody who watches is told when the desk says this to the next question, and is gone.
    fn told(answer: &'static str) -> anyhow::Error {
        let data = tempfile::tempdir().unwrap();
        let desk = UnixListener::bind(data.path().join("desk.sock")).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = desk.accept().unwrap();
            let mut asked = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            lines.read_line(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let desk = Desk::of_server(data.path()).unwrap().unwrap();
        let error = Clerk::at(desk).overview().unwrap_err();
        server.join().unwrap();
        error
    }

    #[test]
    fn a_server_that_is_gone_is_waited_for_and_one_that_refuses_is_heard() {
        assert!(is_gone(&told("")));
        assert!(is_gone(&told("{\"reply\":\"over")));
        for (answer, why) in [
            ("{\"reply\":\"refused\",\"why\":\"not now\"}\n", "not now"),
            ("{\"reply\":\"failed\",\"why\":\"the disk\"}\n", "the disk"),
            ("{\"reply\":\"of tomorrow\"}\n", "another version"),
        ] {
            let error = told(answer);
            assert!(!is_gone(&error), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn without_a_server_there_is_no_desk_and_one_out_of_reach_is_an_error() {
        let data = tempfile::tempdir().unwrap();
        assert!(Desk::of_server(data.path()).unwrap().is_none());
        drop(UnixListener::bind(data.path().join("desk.sock")).unwrap());
        let left_behind = Desk::of_server(data.path()).unwrap();
        assert!(left_behind.is_none(), "a killed server's socket");
        let no_folder = data.path().join("desk.sock");
        assert!(Desk::of_server(&no_folder).is_err());
    }
}
