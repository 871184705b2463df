//! The gateway that carries the messages, and when people may be written to: configuration file and flags, the flags over
//! the file.

use crate::durable_file;
use crate::fault::{Fault, input};
use crate::small_file;
use anyhow::{Context, Result};
use serde::Deserialize;
use sijill_outreach::calendar::{Calendar, Weekday};
use sijill_outreach::gateway::Gateway;
use sijill_outreach::kannel::settings::{Callbacks, KannelSettings, Secret};
use sijill_outreach::sending::Terms;
use sijill_outreach::smpp::settings::{Password, SmppSettings, Tls};
use sijill_poll::definition::Definition;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Segments a second where nobody says.
const RATE: u32 = 10;
/// Submits that may wait for their response where nobody says.
const WINDOW: usize = 10;
/// How long the network tries to deliver where nobody says, in hours: as long as networks keep a message.
const VALIDITY_HOURS: u64 = 30 * 24;
/// How long receipts are waited for where nobody says, in hours.
const RECEIPTS_HOURS: u64 = 24;
/// Hours in which messages leave where nobody says.
const HOURS: &str = "09:00-20:00";
/// Longest file of a password.
const PASSWORD_BYTES_MAX: usize = 256;
const MINUTES_OF_A_DAY: u16 = 1_440;

/// The configuration file's `[gateway]`.
#[derive(Debug, Default, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct GatewaySection {
    /// Host and port of a message centre that speaks SMPP.
    smpp: Option<String>,
    /// The address of a gateway that takes messages over HTTP, as Kannel does; instead of `smpp`.
    kannel: Option<String>,
    /// Where receipts and replies of that gateway come in: an address and port of this machine.
    callbacks: Option<SocketAddr>,
    /// The same as the gateway reaches it, where that is another: `http://…`.
    callbacks_address: Option<String>,
    /// The file of the secret in the callbacks' path; relative to the configuration file's folder.
    callbacks_secret_file: Option<PathBuf>,
    /// The account's name there.
    system_id: Option<String>,
    /// The file of its password; relative to the configuration file's folder.
    password_file: Option<PathBuf>,
    /// The kind of system that the gateway knows us as.
    system_type: Option<String>,
    /// Whether the gateway is reached over TLS.
    tls: Option<bool>,
    /// A file of certificates (PEM) whose authorities are trusted instead of the web's; relative likewise.
    authorities: Option<PathBuf>,
    /// Segments a second, as agreed.
    rate: Option<u32>,
    /// Submits that may wait for their response.
    window: Option<usize>,
    /// How long a response is waited for, in seconds.
    response_seconds: Option<u64>,
    /// How long the network tries to deliver at most, in hours; 0 leaves it to the gateway. It never tries beyond the end
    /// of the poll.
    validity_hours: Option<u64>,
}

/// The configuration file's `[sending]`.
#[derive(Debug, Default, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SendingSection {
    /// In which hours messages leave, in the poll's time zone: `09:00-20:00`.
    hours: Option<String>,
    /// Days of the week without messages.
    rest_days: Option<Vec<Weekday>>,
    /// Further days without messages: `2026-12-25`.
    #[serde(default)]
    holidays: Vec<String>,
    /// How long receipts are waited for, in hours.
    receipts_hours: Option<u64>,
}

impl GatewaySection {
    /// The same with its paths seen from this folder.
    pub fn seen_from(mut self, folder: &Path) -> Self {
        let seen = |path: Option<PathBuf>| path.map(|path| folder.join(path));
        self.password_file = seen(self.password_file);
        self.callbacks_secret_file = seen(self.callbacks_secret_file);
        self.authorities = seen(self.authorities);
        self
    }

    /// How long a response is waited for, where the gateway's own time is this.
    fn response(&self, usual: Duration) -> Duration {
        self.response_seconds.map_or(usual, Duration::from_secs)
    }

    /// Segments a second, as agreed, if the file says so.
    pub fn agreed_rate(&self) -> Option<u32> {
        self.rate
    }

    /// The account at a message centre that is named elsewhere, by what the file says of it; `otherwise` is its name and
    /// its password where the file has none.
    pub fn smpp_at(
        &self,
        address: &str,
        definition: &Definition,
        otherwise: &str,
    ) -> Result<SmppSettings> {
        let name = self.system_id.clone();
        let args = GatewayArgs {
            system_id: name.or_else(|| Some(otherwise.to_owned())),
            ..GatewayArgs::default()
        };
        let mut settings = args.over_smpp(self, definition, address)?;
        if self.password_file.is_none() {
            settings.password = Password::new(Zeroizing::new(otherwise.to_owned()));
        }
        Ok(settings)
    }

    /// How long the network tries to deliver at most; none leaves it to the gateway.
    fn validity(&self) -> Option<Duration> {
        let hours = self.validity_hours.unwrap_or(VALIDITY_HOURS);
        let seconds = hours.saturating_mul(3_600);
        (hours > 0).then(|| Duration::from_secs(seconds))
    }
}

/// What is said of the gateway in the call.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Gateway")]
pub struct GatewayArgs {
    /// Message centre to send by, over SMPP 3.4 [default: that of the configuration's `[gateway]`]
    #[arg(long, value_name = "HOST:PORT")]
    pub smpp: Option<String>,
    /// The account's name there
    #[arg(long, value_name = "NAME")]
    pub system_id: Option<String>,
    /// File with the account's password
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Segments a second, as agreed with the gateway [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// Submits that may wait for their response [default: 10]
    #[arg(long, value_name = "N")]
    pub window: Option<usize>,
}

impl GatewayArgs {
    /// The agreed rate, in segments a second.
    pub fn rate(&self, section: &GatewaySection) -> Result<u32> {
        match self.rate.or(section.rate).unwrap_or(RATE) {
            0 => Err(input(
                "`gateway.rate` is 0: expected segments a second, as agreed with the gateway",
            )),
            rate => Ok(rate),
        }
    }

    /// The account that messages of this poll leave by.
    pub fn account(&self, section: &GatewaySection, definition: &Definition) -> Result<Account> {
        match (&self.smpp, &section.smpp, &section.kannel) {
            (None, None, Some(address)) => self.over_http(section, definition, address),
            (Some(address), _, _) | (None, Some(address), None) => {
                let settings = self.over_smpp(section, definition, address)?;
                Ok(Account::Smpp(settings))
            }
            (None, Some(_), Some(_)) => Err(input(
                "`[gateway]` names both `smpp` and `kannel`; leave one of them out",
            )),
            (None, None, None) => Err(input(
                "no gateway is named: write `[gateway]` with `smpp = \"HOST:PORT\"`, `system_id` and `password_file` into the configuration file, or use `--smpp`",
            )),
        }
    }

    fn over_smpp(
        &self,
        section: &GatewaySection,
        definition: &Definition,
        address: &str,
    ) -> Result<SmppSettings> {
        let (name, sender) = (self.name(section)?, &definition.message.sender);
        let password = Password::new(self.password(section)?);
        let tls = section.tls.unwrap_or(false).then(|| Tls {
            name: None,
            authorities: section.authorities.clone(),
        });
        let mut settings = SmppSettings::new(address, &name, password, sender);
        settings.times.response = section.response(settings.times.response);
        Ok(SmppSettings {
            system_type: section.system_type.clone().unwrap_or_default(),
            window: self.window(section),
            validity: section.validity(),
            tls,
            ..settings
        })
    }

    fn over_http(
        &self,
        section: &GatewaySection,
        definition: &Definition,
        address: &str,
    ) -> Result<Account> {
        let (name, sender) = (self.name(section)?, &definition.message.sender);
        let listen = section.callbacks.ok_or_else(|| {
            input("`[gateway]` with `kannel` needs `callbacks = \"127.0.0.1:13080\"`, where receipts come in")
        })?;
        let file = section.callbacks_secret_file.as_deref().ok_or_else(|| {
            input("`[gateway]` with `kannel` needs `callbacks_secret_file`: a file with a long random word that the gateway's configuration has too")
        })?;
        let callbacks = Callbacks {
            listen,
            address: section
                .callbacks_address
                .clone()
                .unwrap_or_else(|| format!("http://{listen}")),
            secret: Secret::new(secret(file)?),
            poll: definition.slug.clone(),
        };
        let password = Secret::new(self.password(section)?);
        let mut settings = KannelSettings::new(address, &name, password, sender, callbacks);
        settings.times.response = section.response(settings.times.response);
        Ok(Account::Kannel(KannelSettings {
            window: self.window(section),
            validity: section.validity(),
            authorities: section.authorities.clone(),
            ..settings
        }))
    }

    fn name(&self, section: &GatewaySection) -> Result<String> {
        let name = self.system_id.clone().or_else(|| section.system_id.clone());
        name.ok_or_else(|| {
            input("the gateway's `system_id` is not named: the gateway's operator gave you one")
        })
    }

    fn password(&self, section: &GatewaySection) -> Result<Zeroizing<String>> {
        let file = self
            .password_file
            .as_ref()
            .or(section.password_file.as_ref());
        file.map_or_else(|| Ok(Zeroizing::new(String::new())), |file| secret(file))
    }

    fn window(&self, section: &GatewaySection) -> usize {
        self.window.or(section.window).unwrap_or(WINDOW)
    }
}

/// An account at a gateway.
#[derive(Debug, Clone)]
pub enum Account {
    /// At a message centre.
    Smpp(SmppSettings),
    /// At a gateway over HTTP.
    Kannel(KannelSettings),
}

impl Account {
    /// Where it is, and its name there.
    pub fn whose(&self) -> (&str, &str) {
        match self {
            Self::Smpp(settings) => (&settings.address, &settings.system_id),
            Self::Kannel(settings) => (&settings.address, &settings.username),
        }
    }
}

/// Connects; on a runtime.
pub fn connect(account: Account) -> Result<Gateway> {
    match account {
        Account::Smpp(settings) => {
            sijill_outreach::smpp::connect(settings).map_err(|why| input(why.to_string()))
        }
        Account::Kannel(settings) => {
            sijill_outreach::kannel::connect(settings).map_err(|why| input(why.to_string()))
        }
    }
}

/// The first line of a file that its owner alone can read.
fn secret(file: &Path) -> Result<Zeroizing<String>> {
    let unreadable = || Fault::Input(format!("cannot read `{}`", file.display()));
    if durable_file::is_open_to_others(file).with_context(unreadable)? {
        return Err(input(format!(
            "the gateway's secret in `{0}` can be read by others than its owner; make it private with `chmod 600 {0}`, and consider whether it is still a secret",
            file.display()
        )));
    }
    let text = Zeroizing::new(small_file::text(file, PASSWORD_BYTES_MAX)?);
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.to_owned()))
}

impl SendingSection {
    /// What sending a poll is bound by, at this rate.
    pub fn terms(&self, definition: &Definition, rate: u32) -> Result<Terms> {
        let hours = self.hours.as_deref().unwrap_or(HOURS);
        let (from, until) = parse_hours(hours).ok_or_else(|| {
            input(format!(
                "`sending.hours` is `{hours}`: expected from and until when messages leave on a day, as `{HOURS}`, or `00:00-24:00`"
            ))
        })?;
        let rest = self.rest_days.clone();
        let holidays = self.holidays.iter().map(|day| holiday(day));
        let calendar = Calendar {
            offset: definition.field.offset_minutes,
            from,
            until,
            rest: rest.unwrap_or_else(|| vec![Weekday::Friday]),
            holidays: holidays.collect::<Result<_>>()?,
        };
        if calendar.next_open(0).is_none() {
            return Err(input(
                "`[sending]` leaves no time at all: `rest_days` has every day of the week",
            ));
        }
        let receipts_hours = self.receipts_hours.unwrap_or(RECEIPTS_HOURS);
        Ok(Terms {
            calendar,
            rate,
            receipts_ms: receipts_hours.saturating_mul(3_600_000),
        })
    }
}

fn parse_hours(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    (from < until).then_some((from, until))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let plain = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute): (u16, u16) = match plain(hour) && plain(minute) {
        true => (hour.parse().ok()?, minute.parse().ok()?),
        false => return None,
    };
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= MINUTES_OF_A_DAY).then_some(of_day)
}

/// A day, counted from 1970-01-01.
fn holiday(text: &str) -> Result<i64> {
    let wrong = || {
        Fault::Input(format!(
            "`{text}` in `sending.holidays` is no day: expected one as `2026-12-25`"
        ))
    };
    let day: jiff::civil::Date = text.parse().with_context(wrong)?;
    let midnight = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
    Ok(midnight.with_context(wrong)?.as_second().div_euclid(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn hours_are_read_and_nonsense_is_not() {
        assert_eq!(parse_hours("09:00-20:00"), Some((540, 1_200)));
        assert_eq!(parse_hours("00:00-24:00"), Some((0, 1_440)));
        for bad in [
            "",
            "9-20",
            "20:00-09:00",
            "09:60-20:00",
            "09:00-24:01",
            "09:00",
            "+9:00-20:00",
        ] {
            assert_eq!(parse_hours(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_holiday_is_a_day_and_anything_else_is_named() {
        assert_eq!(holiday("1970-01-02").unwrap(), 1);
        assert_eq!(holiday("2026-11-27").unwrap(), 20_784);
        let error = holiday("Christmas").unwrap_err();
        assert!(error.to_string().contains("`Christmas`"), "{error}");
    }

    fn definition() -> Definition {
        Definition::parse(&crate::demo_definition::sample()).unwrap()
    }

    #[test]
    fn without_a_gateway_or_with_two_it_says_how_to_name_one() {
        let refused = |section: &str| {
            let section = toml::from_str(section).unwrap();
            let account = GatewayArgs::default().account(&section, &definition());
            account.unwrap_err().to_string()
        };
        assert!(refused("").contains("no gateway is named"));
        let both = refused("smpp = \"a:1\"\nkannel = \"http://b:2\"\n");
        assert!(both.contains("names both"), "{both}");
        let alone = refused("kannel = \"http://b:2\"\nsystem_id = \"ur\"\n");
        assert!(alone.contains("callbacks"), "{alone}");
    }

    #[test]
    fn flags_go_over_the_configuration() {
        let section: GatewaySection =
            toml::from_str("smpp = \"a:1\"\nsystem_id = \"ur\"\nrate = 40\nwindow = 5\n").unwrap();
        let args = GatewayArgs {
            smpp: Some("b:2".to_owned()),
            rate: Some(7),
            ..GatewayArgs::default()
        };
        let Account::Smpp(account) = args.account(&section, &definition()).unwrap() else {
            panic!("it is over SMPP")
        };
        assert_eq!((account.address.as_str(), account.window), ("b:2", 5));
        assert_eq!(account.sender, definition().message.sender);
        assert_eq!(args.rate(&section).unwrap(), 7);
        assert_eq!(GatewayArgs::default().rate(&section).unwrap(), 40);
        let none: GatewaySection = toml::from_str("rate = 0\n").unwrap();
        let error = GatewayArgs::default().rate(&none).unwrap_err();
        assert!(error.to_string().contains("gateway.rate"), "{error}");
    }

    #[test]
    fn a_gateway_over_http_has_its_callbacks() {
        let folder = tempfile::tempdir().unwrap();
        let word = folder.path().join("word");
        std::fs::write(&word, "a-long-random-word-of-the-test\n").unwrap();
        let section: GatewaySection = toml::from_str(
            "kannel = \"http://127.0.0.1:13013\"\nsystem_id = \"ur\"\ncallbacks = \"127.0.0.1:13080\"\ncallbacks_secret_file = \"word\"\n",
        )
        .unwrap();
        let section = section.seen_from(folder.path());
        let with_mode = |mode| {
            std::fs::set_permissions(&word, std::fs::Permissions::from_mode(mode)).unwrap();
            GatewayArgs::default().account(&section, &definition())
        };
        let error = with_mode(0o644).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        let account = with_mode(0o600);
        let Account::Kannel(account) = account.unwrap() else {
            panic!("it is over HTTP")
        };
        assert_eq!(account.callbacks.address, "http://127.0.0.1:13080");
        assert_eq!(account.callbacks.poll, definition().slug);
    }
}
