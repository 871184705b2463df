//! What an account at a message centre is set up with.

use super::limits::{TIME_MAX, VALIDITY_MAX, WINDOW_MAX};
use super::stream::Secured;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::bytes::Bytes;
use zeroize::Zeroizing;

/// Longest system id, password and system type in characters (SMPP 3.4, section 4.1.5, without the final zero).
const SYSTEM_ID_CHARS_MAX: usize = 15;
const PASSWORD_CHARS_MAX: usize = 8;
const SYSTEM_TYPE_CHARS_MAX: usize = 12;
/// Longest name as a sender (3GPP TS 23.040, section 9.1.2.5: eleven septets).
const NAME_CHARS_MAX: usize = 11;
/// Digits of a sender that is a short code rather than a number.
const SHORT_CODE_DIGITS_MAX: usize = 6;
/// Digits of a number (ITU-T E.164).
const DIGITS_MAX: usize = 15;

/// An account at a message centre.
#[derive(Debug, Clone)]
pub struct SmppSettings {
    /// Host and port: `smsc.example:2775`.
    pub address: String,
    /// The account's name.
    pub system_id: String,
    /// Its password.
    pub password: Password,
    /// The kind of system that the gateway knows us as; mostly empty.
    pub system_type: String,
    /// Whom messages are from: a name of at most 11 characters, a number, or a short code.
    pub sender: String,
    /// Type of number and numbering plan of the sender, where the gateway asks for others than the customary ones.
    pub sender_plan: Option<(u8, u8)>,
    /// Submits that may wait for their response, as the gateway allows.
    pub window: usize,
    /// How long the network tries to deliver at most; it never tries longer than the message is of use. None leaves it to
    /// the gateway.
    pub validity: Option<Duration>,
    /// TLS, where the gateway offers it.
    pub tls: Option<Tls>,
    /// Times.
    pub times: Times,
}

/// TLS to a gateway. The certificate is checked, its name too.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// The name in its certificate; none where it is the host of the address.
    pub name: Option<String>,
    /// A file of certificates (PEM) whose authorities are trusted, and no others; none trusts those of the web.
    pub authorities: Option<PathBuf>,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Silence after which the other side is asked whether it is there.
    pub enquire_link: Duration,
    /// Longest wait for a connection, for a response, and for the other side to read.
    pub response: Duration,
    /// Until the first attempt after a lost connection; twice as long after each that fails.
    pub again_first: Duration,
    /// Longest time between attempts.
    pub again_max: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            enquire_link: Duration::from_secs(30),
            response: Duration::from_secs(60),
            again_first: Duration::from_secs(10),
            again_max: Duration::from_secs(300),
        }
    }
}

/// A password, wiped when it is dropped and shown to nobody.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// This one.
    #[must_use]
    pub fn new(password: Zeroizing<String>) -> Self {
        Self(password)
    }

    /// As a PDU has it, with its final zero, in memory that is wiped.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes::from_owner(Zeroizing::new([self.0.as_bytes(), b"\0"].concat()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongSetting {
    /// No host and port.
    #[error("`{0}` is no host and port: write it as `smsc.example:2775`")]
    Address(String),
    /// Longer than SMPP has room for, or with other characters than ASCII's.
    #[error("the {what} has more than {chars_max} characters, or others than ASCII's")]
    Text {
        /// Which text.
        what: &'static str,
        /// How long it may be.
        chars_max: usize,
    },
    /// An account without a name.
    #[error("the system id is empty: the gateway's operator gave you one")]
    NoSystemId,
    /// Neither a name, nor a number, nor a short code.
    #[error(
        "`{0}` cannot be a sender: write a name of at most {NAME_CHARS_MAX} letters, digits and spaces, or the digits of a number or short code"
    )]
    Sender(String),
    /// No window.
    #[error("a window of {0} is not possible: choose 1 to {WINDOW_MAX}, as the gateway allows")]
    Window(usize),
    /// No validity.
    #[error("a message is valid for a second to {} days", VALIDITY_MAX.as_secs() / 86_400)]
    Validity,
    /// A time of 0 or beyond a day, or a longest one that is shorter than the first.
    #[error(
        "times are longer than 0 and at most a day, and the longest between attempts is no shorter than the first"
    )]
    Times,
    /// A name that no certificate can have.
    #[error("`{0}` is no name that a certificate can have")]
    CertificateName(String),
    /// No certificates.
    #[error("there are no certificates to trust in `{}`: {why}", file.display())]
    Authorities {
        /// Where they were looked for.
        file: PathBuf,
        /// What happened.
        why: String,
    },
}

/// Settings that were checked.
pub(super) struct Account {
    pub(super) address: String,
    pub(super) system_id: String,
    pub(super) password: Password,
    pub(super) system_type: String,
    pub(super) sender: String,
    pub(super) sender_plan: (u8, u8),
    pub(super) window: usize,
    pub(super) validity: Option<Duration>,
    pub(super) secured: Option<Secured>,
    pub(super) times: Times,
}

impl SmppSettings {
    /// An account with what must be given; the rest is as customary.
    #[must_use]
    pub fn new(address: &str, system_id: &str, password: Password, sender: &str) -> Self {
        Self {
            address: address.to_owned(),
            system_id: system_id.to_owned(),
            password,
            system_type: String::new(),
            sender: sender.to_owned(),
            sender_plan: None,
            window: 10,
            validity: None,
            tls: None,
            times: Times::default(),
        }
    }

    pub(super) fn checked(self) -> Result<Account, WrongSetting> {
        let host = host_of(&self.address)?;
        fits("system id", &self.system_id, SYSTEM_ID_CHARS_MAX)?;
        fits("password", &self.password.0, PASSWORD_CHARS_MAX)?;
        fits("system type", &self.system_type, SYSTEM_TYPE_CHARS_MAX)?;
        if self.system_id.is_empty() {
            return Err(WrongSetting::NoSystemId);
        }
        if !(1..=WINDOW_MAX).contains(&self.window) {
            return Err(WrongSetting::Window(self.window));
        }
        self.times.check()?;
        let (sender, plan) = sender_of(&self.sender)?;
        let secured = self
            .tls
            .as_ref()
            .map(|tls| Secured::of(tls, &host))
            .transpose()?;
        Ok(Account {
            sender,
            sender_plan: self.sender_plan.unwrap_or(plan),
            validity: self.validity.map(validity).transpose()?,
            secured,
            address: self.address,
            system_id: self.system_id,
            password: self.password,
            system_type: self.system_type,
            window: self.window,
            times: self.times,
        })
    }
}

impl Times {
    fn check(self) -> Result<(), WrongSetting> {
        let all = [
            self.enquire_link,
            self.response,
            self.again_first,
            self.again_max,
        ];
        let good = all.iter().all(|time| !time.is_zero() && *time <= TIME_MAX)
            && self.again_first <= self.again_max;
        if good {
            Ok(())
        } else {
            Err(WrongSetting::Times)
        }
    }
}

/// The host of an address, without the brackets of IPv6.
fn host_of(address: &str) -> Result<String, WrongSetting> {
    let parts = address.rsplit_once(':');
    let parts = parts
        .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    let (host, _) = parts.ok_or_else(|| WrongSetting::Address(address.to_owned()))?;
    Ok(host.trim_matches(['[', ']']).to_owned())
}

fn fits(what: &'static str, text: &str, chars_max: usize) -> Result<(), WrongSetting> {
    let fits = text.len() <= chars_max && text.bytes().all(|byte| byte.is_ascii() && byte != 0);
    if fits {
        Ok(())
    } else {
        Err(WrongSetting::Text { what, chars_max })
    }
}

/// A sender as it is sent, with its type of number and numbering plan (SMPP 3.4, sections 5.2.5 and 5.2.6).
fn sender_of(sender: &str) -> Result<(String, (u8, u8)), WrongSetting> {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let named = |c: char| c.is_ascii_alphanumeric() || " .-_&".contains(c);
    let name =
        sender.len() <= NAME_CHARS_MAX && sender.chars().all(named) && sender.trim() == sender;
    match number {
        true if digits.len() <= SHORT_CODE_DIGITS_MAX => Ok((digits.to_owned(), (0, 0))),
        true if digits.len() <= DIGITS_MAX => Ok((digits.to_owned(), (1, 1))),
        false if name && !sender.is_empty() => Ok((sender.to_owned(), (5, 0))),
        _ => Err(WrongSetting::Sender(sender.to_owned())),
    }
}

fn validity(longest: Duration) -> Result<Duration, WrongSetting> {
    match (1..=VALIDITY_MAX.as_secs()).contains(&longest.as_secs()) {
        true => Ok(longest),
        false => Err(WrongSetting::Validity),
    }
}

/// A time from now, as SMPP writes it (section 7.1.1.2): `YYMMDDhhmmsstnnR`. It is at least a second: zero would leave it
/// to the gateway.
pub(super) fn relative(validity: Duration) -> String {
    let seconds = validity.min(VALIDITY_MAX).as_secs().max(1);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    format!("0000{days:02}{hours:02}{minutes:02}{seconds:02}000R")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SmppSettings {
        let password = Password::new(Zeroizing::new("secret".to_owned()));
        SmppSettings::new("smsc.example:2775", "sijill", password, "Portal")
    }

    #[test]
    fn a_sender_is_a_name_a_number_or_a_short_code() {
        assert_eq!(
            sender_of("Portal 1").unwrap(),
            ("Portal 1".to_owned(), (5, 0))
        );
        assert_eq!(
            sender_of("+9647701234567").unwrap(),
            ("9647701234567".to_owned(), (1, 1))
        );
        assert_eq!(sender_of("2026").unwrap(), ("2026".to_owned(), (0, 0)));
        for bad in ["", "twelve chars", "بوابة", " a", "1234567890123456", "+"] {
            assert_eq!(
                sender_of(bad),
                Err(WrongSetting::Sender(bad.to_owned())),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_validity_is_written_as_the_standard_writes_it() {
        let written = |seconds| relative(Duration::from_secs(seconds));
        assert_eq!(written(90_061), "000001010101000R");
        assert_eq!(written(30 * 86_400), "000030000000000R");
        assert_eq!(written(31 * 86_400), "000030000000000R");
        assert_eq!(written(0), "000000000001000R");
        for seconds in [0, 30 * 86_400 + 1] {
            let validity = Some(Duration::from_secs(seconds));
            refused(
                |settings| settings.validity = validity,
                WrongSetting::Validity,
            );
        }
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut SmppSettings), expected: WrongSetting) {
        let mut settings = settings();
        change(&mut settings);
        assert_eq!(settings.checked().err(), Some(expected));
    }

    #[test]
    fn each_wrong_setting_is_named() {
        assert!(settings().checked().is_ok());
        for address in [
            "smsc.example",
            ":2775",
            "smsc.example:0",
            "smsc.example:sms",
        ] {
            refused(
                |settings| settings.address = address.to_owned(),
                WrongSetting::Address(address.to_owned()),
            );
        }
        let text = |what, chars_max| WrongSetting::Text { what, chars_max };
        refused(
            |settings| settings.system_id = "a".repeat(16),
            text("system id", 15),
        );
        refused(
            |settings| settings.password = Password::new(Zeroizing::new("123456789".to_owned())),
            text("password", 8),
        );
        refused(
            |settings| settings.system_type = "ü".to_owned(),
            text("system type", 12),
        );
        refused(
            |settings| settings.system_id.clear(),
            WrongSetting::NoSystemId,
        );
        refused(|settings| settings.window = 0, WrongSetting::Window(0));
        refused(
            |settings| settings.times.again_max = Duration::MAX,
            WrongSetting::Times,
        );
        refused(
            |settings| settings.times.response = Duration::ZERO,
            WrongSetting::Times,
        );
        let tls = |name: &str| Tls {
            name: Some(name.to_owned()),
            authorities: None,
        };
        refused(
            |settings| settings.tls = Some(tls("a b")),
            WrongSetting::CertificateName("a b".to_owned()),
        );
        let nowhere = Tls {
            authorities: Some(PathBuf::from("/nowhere")),
            ..Tls::default()
        };
        let mut settings = settings();
        settings.tls = Some(nowhere);
        assert!(matches!(
            settings.checked().err(),
            Some(WrongSetting::Authorities { .. })
        ));
    }

    #[test]
    fn a_password_is_shown_to_nobody() {
        let shown = format!("{:?}", settings());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
