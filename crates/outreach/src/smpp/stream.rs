//! The connection itself: TCP, or TLS with the other side's certificate and name checked.

use super::settings::{Tls, WrongSetting};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection.
pub(super) type Stream = Box<dyn Both>;

/// What can be read and written.
pub(super) trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// How a connection is secured.
pub(super) struct Secured {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Secured {
    pub(super) fn of(tls: &Tls, host: &str) -> Result<Self, WrongSetting> {
        let name = tls.name.as_deref().unwrap_or(host).to_owned();
        let wrong = WrongSetting::CertificateName(name.clone());
        let name = ServerName::try_from(name).map_err(|_| wrong)?;
        let roots = match &tls.authorities {
            Some(file) => authorities(file)?,
            None => RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            },
        };
        // The provider is named, since a default one is there only if some other crate has installed it.
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| WrongSetting::CertificateName(String::new()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: Arc::new(config).into(),
            name,
        })
    }
}

/// The certificates of a file.
fn authorities(file: &Path) -> Result<RootCertStore, WrongSetting> {
    let wrong = |why: String| WrongSetting::Authorities {
        file: file.to_owned(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it has none".to_owned()));
    }
    Ok(roots)
}

/// Connects. A host that is not known is `NotFound`, a certificate that is not trusted `InvalidData`.
pub(super) async fn connected(address: &str, secured: Option<&Secured>) -> io::Result<Stream> {
    let unknown = |_| io::Error::from(io::ErrorKind::NotFound);
    let addresses: Vec<_> = lookup_host(address).await.map_err(unknown)?.collect();
    let plain = TcpStream::connect(addresses.as_slice()).await?;
    plain.set_nodelay(true)?;
    Ok(match secured {
        Some(secured) => Box::new(
            secured
                .connector
                .connect(secured.name.clone(), plain)
                .await?,
        ),
        None => Box::new(plain),
    })
}
