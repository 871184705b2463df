//! What an account at a gateway over HTTP is set up with.

use super::limits::{
    CREDENTIAL_CHARS_MAX, POLL_CHARS_MAX, SECRET_CHARS_MAX, SECRET_CHARS_MIN, VALIDITY_MAX,
    WINDOW_MAX,
};
use hyper::Uri;
use hyper::http::uri::Authority;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use zeroize::Zeroizing;

/// Where Kannel takes messages, if the address does not say it.
const PATH: &str = "/cgi-bin/sendsms";
/// Longest name as a sender (3GPP TS 23.040, section 9.1.2.5: eleven septets).
const NAME_CHARS_MAX: usize = 11;
/// Digits of a number (ITU-T E.164).
const DIGITS_MAX: usize = 15;

/// An account at a gateway over HTTP.
#[derive(Debug, Clone)]
pub struct KannelSettings {
    /// Where it takes messages: `http://127.0.0.1:13013`, or with https; without a path Kannel's own is added,
    /// `/cgi-bin/sendsms`.
    pub address: String,
    /// The account's name (of a `sendsms-user`).
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// Whom messages are from: a name of at most 11 characters, a number, or a short code.
    pub sender: String,
    /// Requests that may wait for their answer.
    pub window: usize,
    /// How long the network tries to deliver at most, to the minute; it never tries longer than the message is of use. None
    /// leaves it to the gateway.
    pub validity: Option<Duration>,
    /// With https: a file of certificates (PEM) whose authorities are trusted, and no others; none trusts those of the
    /// web.
    pub authorities: Option<PathBuf>,
    /// Where receipts and replies come in.
    pub callbacks: Callbacks,
    /// Times.
    pub times: Times,
}

/// Where receipts and replies come in.
#[derive(Debug, Clone)]
pub struct Callbacks {
    /// The address and port that are listened on.
    pub listen: SocketAddr,
    /// The same as the gateway reaches it: `http://127.0.0.1:13080`, or that of a proxy before it, with a path perhaps.
    pub address: String,
    /// What only the gateway and we know: the first part of every callback's path.
    pub secret: Secret,
    /// A word for the poll, so that receipts of another one are not taken for this one's: letters, digits, `-` and `_`.
    pub poll: String,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Longest wait for a connection, and for an answer.
    pub response: Duration,
    /// Until the first attempt after a failure; twice as long after each that fails.
    pub again_first: Duration,
    /// Longest time between attempts.
    pub again_max: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            response: Duration::from_secs(60),
            again_first: Duration::from_secs(10),
            again_max: Duration::from_secs(300),
        }
    }
}

/// A password or another secret, wiped when it is dropped and shown to nobody.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// This one.
    #[must_use]
    pub fn new(secret: Zeroizing<String>) -> Self {
        Self(secret)
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongSetting {
    /// No address of HTTP.
    #[error(
        "the gateway's address is no address of HTTP, or says more than host, port and path: write it as `http://127.0.0.1:13013`"
    )]
    Address,
    /// No address of HTTP, or one with a `%`, in which a gateway would look for a field.
    #[error(
        "the callbacks' address is no address of HTTP, or says more than host, port and path: write it as `http://127.0.0.1:13080`, as the gateway reaches it"
    )]
    CallbackAddress,
    /// No account, or what no account can have.
    #[error("the {0} is empty, or has more than {CREDENTIAL_CHARS_MAX} characters")]
    Credential(&'static str),
    /// Neither a name, nor a number, nor a short code.
    #[error(
        "`{0}` cannot be a sender: write a name of at most {NAME_CHARS_MAX} letters, digits and spaces, or the digits of a number or short code"
    )]
    Sender(String),
    /// No window.
    #[error("a window of {0} is not possible: choose 1 to {WINDOW_MAX}, as the gateway allows")]
    Window(usize),
    /// No validity.
    #[error("a message is valid for a minute to {} days", VALIDITY_MAX.as_secs() / 86_400)]
    Validity,
    /// Anybody could guess it, or it does not fit into an address.
    #[error(
        "the callbacks' secret must have {SECRET_CHARS_MIN} to {SECRET_CHARS_MAX} letters, digits, `-` or `_`, made by chance: `openssl rand -hex 16` makes one"
    )]
    Secret,
    /// Not a word.
    #[error(
        "the poll's name in callbacks must be 1 to {POLL_CHARS_MAX} letters, digits, `-` or `_`"
    )]
    Poll,
    /// A time of 0, or a longest one that is shorter than the first.
    #[error(
        "times must be longer than 0, and the longest between attempts no shorter than the first"
    )]
    Times,
    /// No certificates.
    #[error("there are no certificates to trust in `{}`: {why}", file.display())]
    Authorities {
        /// Where they were looked for.
        file: PathBuf,
        /// What happened.
        why: String,
    },
    /// Nobody can listen there.
    #[error(
        "cannot listen on `{listen}` for receipts ({kind}): choose another port, or end the program that has it"
    )]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// Why not.
        kind: std::io::ErrorKind,
    },
}

/// Settings that were checked.
pub(super) struct Account {
    /// Host and port to connect to.
    pub(super) host: String,
    /// Host as requests name it.
    pub(super) authority: Authority,
    /// Where messages are taken.
    pub(super) path: String,
    /// How a connection is secured, and the name in the other side's certificate.
    pub(super) secured: Option<(TlsConnector, ServerName<'static>)>,
    pub(super) username: String,
    pub(super) password: Secret,
    pub(super) sender: String,
    pub(super) window: usize,
    pub(super) validity: Option<Duration>,
    pub(super) callbacks: Callbacks,
    pub(super) times: Times,
}

impl KannelSettings {
    /// An account with what must be given; the rest is as customary.
    #[must_use]
    pub fn new(
        address: &str,
        username: &str,
        password: Secret,
        sender: &str,
        callbacks: Callbacks,
    ) -> Self {
        Self {
            address: address.to_owned(),
            username: username.to_owned(),
            password,
            sender: sender.to_owned(),
            window: 10,
            validity: None,
            authorities: None,
            callbacks,
            times: Times::default(),
        }
    }

    pub(super) fn checked(self) -> Result<Account, WrongSetting> {
        let uri = plain_address(&self.address).ok_or(WrongSetting::Address)?;
        let authority = uri.authority().ok_or(WrongSetting::Address)?.clone();
        let encrypted = uri.scheme_str() == Some("https");
        let port = authority
            .port_u16()
            .unwrap_or(if encrypted { 443 } else { 80 });
        check_credential("account's name", &self.username)?;
        check_credential("password", self.password.expose())?;
        check_sender(&self.sender)?;
        if !(1..=WINDOW_MAX).contains(&self.window) {
            return Err(WrongSetting::Window(self.window));
        }
        self.times.check()?;
        Ok(Account {
            host: format!("{}:{port}", authority.host()),
            secured: encrypted
                .then(|| secured(authority.host(), self.authorities))
                .transpose()?,
            authority,
            path: match uri.path() {
                "/" => PATH.to_owned(),
                path => path.to_owned(),
            },
            username: self.username,
            password: self.password,
            sender: self.sender,
            window: self.window,
            validity: self.validity.map(validity).transpose()?,
            callbacks: self.callbacks.checked()?,
            times: self.times,
        })
    }
}

impl Callbacks {
    fn checked(mut self) -> Result<Self, WrongSetting> {
        let uri = plain_address(&self.address);
        uri.filter(|_| !self.address.contains('%'))
            .ok_or(WrongSetting::CallbackAddress)?;
        self.address
            .truncate(self.address.trim_end_matches('/').len());
        let secret = self.secret.expose();
        if !is_word(secret) || !(SECRET_CHARS_MIN..=SECRET_CHARS_MAX).contains(&secret.len()) {
            return Err(WrongSetting::Secret);
        }
        if !is_word(&self.poll) || !(1..=POLL_CHARS_MAX).contains(&self.poll.len()) {
            return Err(WrongSetting::Poll);
        }
        Ok(self)
    }
}

impl Times {
    fn check(self) -> Result<(), WrongSetting> {
        let all = [self.response, self.again_first, self.again_max];
        let good = all.iter().all(|time| !time.is_zero()) && self.again_first <= self.again_max;
        if good {
            Ok(())
        } else {
            Err(WrongSetting::Times)
        }
    }
}

/// An address of HTTP with host, port and path, and nothing else: no user, query or fragment.
fn plain_address(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    let plain = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.query().is_none()
        && !address.contains(['#', '@'])
        && uri
            .authority()
            .is_some_and(|authority| !authority.host().is_empty());
    plain.then_some(uri)
}

/// What connects with TLS to this host, and the name that its certificate must have.
fn secured(
    host: &str,
    authorities: Option<PathBuf>,
) -> Result<(TlsConnector, ServerName<'static>), WrongSetting> {
    let name = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(|_| WrongSetting::Address)?;
    let connector = crate::tls::connector(authorities.as_deref());
    let connector = connector.map_err(|why| WrongSetting::Authorities {
        file: authorities.unwrap_or_default(),
        why,
    })?;
    Ok((connector, name))
}

fn check_credential(what: &'static str, text: &str) -> Result<(), WrongSetting> {
    if (1..=CREDENTIAL_CHARS_MAX).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(WrongSetting::Credential(what))
    }
}

fn check_sender(sender: &str) -> Result<(), WrongSetting> {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let number = (1..=DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let named = |c: char| c.is_ascii_alphanumeric() || " .-_&".contains(c);
    let name = (1..=NAME_CHARS_MAX).contains(&sender.len())
        && sender.chars().all(named)
        && sender.trim() == sender;
    if number || name {
        Ok(())
    } else {
        Err(WrongSetting::Sender(sender.to_owned()))
    }
}

fn validity(longest: Duration) -> Result<Duration, WrongSetting> {
    match (60..=VALIDITY_MAX.as_secs()).contains(&longest.as_secs()) {
        true => Ok(longest),
        false => Err(WrongSetting::Validity),
    }
}

/// Whether it can stand in an address as it is.
fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::kannel) fn secret(text: &str) -> Secret {
        Secret::new(Zeroizing::new(text.to_owned()))
    }

    pub(in crate::kannel) fn settings() -> KannelSettings {
        let callbacks = Callbacks {
            listen: "127.0.0.1:13080".parse().unwrap(),
            address: "http://127.0.0.1:13080/".to_owned(),
            secret: secret("0123456789abcdef012345"),
            poll: "bridge".to_owned(),
        };
        KannelSettings::new(
            "http://sms.example:13013",
            "sijill",
            secret("pass word"),
            "Portal",
            callbacks,
        )
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut KannelSettings), expected: &WrongSetting) {
        let mut settings = settings();
        change(&mut settings);
        assert_eq!(settings.checked().err().as_ref(), Some(expected));
    }

    #[test]
    fn an_address_without_path_is_kannels_and_one_with_a_path_is_kept() {
        let account = settings().checked().unwrap();
        assert_eq!(
            (account.host.as_str(), account.path.as_str()),
            ("sms.example:13013", PATH)
        );
        assert_eq!(account.callbacks.address, "http://127.0.0.1:13080");
        let mut other = settings();
        other.address = "https://sms.example/send".to_owned();
        let account = other.checked().unwrap();
        assert_eq!(
            (account.host.as_str(), account.path.as_str()),
            ("sms.example:443", "/send")
        );
        assert!(account.secured.is_some());
    }

    #[test]
    fn each_wrong_setting_is_named() {
        for address in [
            "sms.example:13013",
            "ftp://sms.example",
            "http://",
            "http://a@sms.example",
            "http://sms.example/?to=1",
        ] {
            refused(
                |settings| settings.address = address.to_owned(),
                &WrongSetting::Address,
            );
        }
        for address in [
            "127.0.0.1:13080",
            "http://127.0.0.1/%d",
            "http://127.0.0.1/?a",
        ] {
            refused(
                |settings| settings.callbacks.address = address.to_owned(),
                &WrongSetting::CallbackAddress,
            );
        }
        for text in [
            "0123456789abcdef01234",
            "0123456789abcdef01234/",
            "0123456789abcdef01234é",
        ] {
            refused(
                |settings| settings.callbacks.secret = secret(text),
                &WrongSetting::Secret,
            );
        }
        for sender in ["", "twelve chars", "بوابة", " a", "1234567890123456", "+"] {
            refused(
                |settings| settings.sender = sender.to_owned(),
                &WrongSetting::Sender(sender.to_owned()),
            );
        }
        refused(
            |settings| settings.callbacks.poll.clear(),
            &WrongSetting::Poll,
        );
        refused(
            |settings| settings.username.clear(),
            &WrongSetting::Credential("account's name"),
        );
        refused(
            |settings| settings.password = secret(""),
            &WrongSetting::Credential("password"),
        );
        refused(|settings| settings.window = 0, &WrongSetting::Window(0));
        refused(
            |settings| settings.validity = Some(Duration::from_secs(59)),
            &WrongSetting::Validity,
        );
        refused(
            |settings| settings.times.response = Duration::ZERO,
            &WrongSetting::Times,
        );
        let mut nobody = settings();
        nobody.address = "https://sms.example".to_owned();
        nobody.authorities = Some(PathBuf::from("/nowhere"));
        assert!(matches!(
            nobody.checked().err(),
            Some(WrongSetting::Authorities { .. })
        ));
    }

    #[test]
    fn password_and_secret_are_shown_to_nobody() {
        let shown = format!("{:?}", settings());
        assert!(
            !shown.contains("pass word") && !shown.contains("0123456789abcdef"),
            "{shown}"
        );
    }
}
