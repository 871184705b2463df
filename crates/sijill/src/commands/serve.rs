//! `sijill serve`: the service on the network, until it is told to stop.

use crate::data_folder::DataFolder;
use crate::fault::{Exit, Fault};
use crate::key_file;
use crate::settings::Settings;
use crate::vault_keeping;
use anyhow::{Context, Result};
use sijill_server::{Checkpoints, Config, Service};
use std::io::IsTerminal;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Where to listen if nobody says.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8181);

/// How often it is looked whether contacts have been kept long enough.
const CONTACTS_LOOKED_AT_EVERY: Duration = Duration::from_secs(600);

/// Serve the polls of a data directory until SIGINT or SIGTERM
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It speaks plain HTTP: put a reverse proxy with TLS before it. `SIJILL_LOG=debug` says more on standard error.\n\nExample: sijill serve --data /var/lib/sijill --listen 127.0.0.1:8181"
)]
pub struct Args {
    /// Address to listen on [default: 127.0.0.1:8181]
    #[arg(long, env = "SIJILL_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address to show metrics on, at /metrics [default: nowhere]. They move with every answer: keep it to yourself
    #[arg(long, env = "SIJILL_METRICS", value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// The data directory was moved or restored to where it is, and no other like it is served any more
    #[arg(long)]
    moved: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    log_to_standard_error(if settings.console.quiet {
        "error"
    } else {
        "info"
    });
    let data = settings.data();
    data.must_exist()?;
    let site = settings.site()?;
    let listen = args.listen.or(settings.listen).unwrap_or(LISTEN);
    let listener = bind(listen)?;
    let metrics = args.metrics.or(settings.metrics).map(bind).transpose()?;
    let (service, notices) = Service::open(Config {
        data: data.path().to_owned(),
        master: key_file::read_service(&data.service_key())?,
        clock: sijill_server::system_clock(),
        checkpoints: match (args.moved, &settings.checkpoints) {
            (true, Checkpoints::Inside) => Checkpoints::Moved,
            (_, checkpoints) => checkpoints.clone(),
        },
    })?;
    for notice in notices {
        tracing::warn!("{notice}");
    }
    for notice in elsewhere(settings, &service) {
        tracing::warn!("{notice}");
    }
    tracing::info!(
        "serving `{}` on http://{}",
        data.path().display(),
        listener.local_addr()?
    );
    let runtime = tokio::runtime::Runtime::new()?;
    let served = runtime.block_on(async {
        tokio::spawn(keep_contacts_no_longer(service.clone(), data.clone()));
        if let Some(metrics) = metrics {
            show_metrics(metrics, service.clone())?;
        }
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let shutdown = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("stopping");
        };
        anyhow::Ok(sijill_server::run(listener, service, site, shutdown).await?)
    });
    // A thread that waits for a failed disk keeps nobody here.
    runtime.shutdown_background();
    served?;
    tracing::info!("stopped; everything confirmed is on disk");
    Ok(Exit::Well)
}

/// What an operator should know of polls whose name is another address than that under which people reach them: receipts
/// and promises send whoever doubts to the one in the name.
fn elsewhere(settings: &Settings, service: &Service) -> Vec<String> {
    let Some(portal) = &settings.portal else {
        return Vec::new();
    };
    let notice = |name: &str, reached: &str| {
        format!(
            "the ledger `{name}` is reached at `{reached}`, and promises send people to the address in its name; have `{name}` answer too, and give the next poll `--origin`"
        )
    };
    let books = service.books();
    let named = books.iter().map(|book| {
        let reached = portal.origin_of(book.slug());
        (book.origin().as_str().to_owned(), reached)
    });
    named
        .filter(|(name, reached)| name != reached)
        .map(|(name, reached)| notice(&name, &reached))
        .collect()
}

/// Erases the contacts of polls whose time for it has come, from the start on and for as long as the server runs.
async fn keep_contacts_no_longer(service: Service, data: DataFolder) {
    let mut looks = tokio::time::interval(CONTACTS_LOOKED_AT_EVERY);
    loop {
        looks.tick().await;
        let (service, data) = (service.clone(), data.clone());
        let look = tokio::task::spawn_blocking(move || erase_what_is_over(&service, &data));
        if let Err(error) = look.await {
            tracing::error!("contacts are not erased when their time is over: {error}");
        }
    }
}

fn erase_what_is_over(service: &Service, data: &DataFolder) {
    for book in service.books() {
        let (definition, now) = (book.definition(), service.now());
        let erased = data.poll(book.slug()).and_then(|folder| {
            let erased = vault_keeping::erase_what_is_over(&folder, &definition, now)?;
            Ok((erased, vault_keeping::is_overdue(&folder, &definition, now)))
        });
        match erased {
            Ok((None, true)) => tracing::warn!(
                "the contacts of poll `{}` should be erased, and messages are still being sent to them: stop that, and they are erased within ten minutes",
                book.slug()
            ),
            Ok((None, false)) => {}
            Ok((Some(notice), _)) => tracing::warn!("{notice}"),
            Err(error) => tracing::error!(
                "the contacts of poll `{}` should be erased, and are not: {error:#}",
                book.slug()
            ),
        }
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| Fault::Unfinished(format!("cannot listen on {address}")))
}

/// Shows metrics beside what is served, and says so.
fn show_metrics(listener: TcpListener, service: Service) -> Result<()> {
    let address = listener.local_addr()?;
    tracing::info!("metrics on http://{address}/metrics");
    if !address.ip().is_loopback() {
        tracing::warn!(
            "whoever reaches {address} can watch single answers arrive in the metrics; let only your collector reach it"
        );
    }
    tokio::spawn(async move {
        if let Err(error) = sijill_server::serve_metrics(listener, service).await {
            tracing::error!("no metrics: {error}");
        }
    });
    Ok(())
}

/// Log lines on standard error, from `level` on unless `SIJILL_LOG` says otherwise.
pub fn log_to_standard_error(level: &str) {
    let filter = EnvFilter::try_from_env("SIJILL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second call in one process keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
