//! TLS: the certificate is checked, and the name in it.

use crate::desk::{Desk, settings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sijill_outreach::kannel::settings::KannelSettings;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// A gateway whose certificate has this name, its authority in a file of this folder.
async fn gateway(name: &str) -> (TempDir, KannelSettings) {
    let folder = TempDir::new().unwrap();
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let file = authority.self_signed(&authority_key).unwrap().pem();
    std::fs::write(folder.path().join("authority.pem"), file).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new([name.to_owned()]).unwrap();
    let own = own
        .signed_by(&key, &Issuer::new(authority, authority_key))
        .unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(listener.local_addr().unwrap());
    let port = listener.local_addr().unwrap().port();
    settings.address = format!("https://localhost:{port}");
    settings.authorities = Some(folder.path().join("authority.pem"));
    tokio::spawn(accepts(listener, Arc::new(config).into()));
    (folder, settings)
}

/// Accepts whatever is asked.
async fn accepts(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let (plain, _) = listener.accept().await.unwrap();
        let Ok(mut line) = acceptor.accept(plain).await else {
            continue;
        };
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(line.read_u8().await.unwrap());
            }
            let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
            line.write_all(answer).await.unwrap();
            line.flush().await.unwrap();
            let _ = line.read_to_end(&mut Vec::new()).await;
        });
    }
}

#[tokio::test]
async fn a_trusted_certificate_of_the_right_name_is_asked() {
    let (_folder, settings) = gateway("localhost").await;
    let mut desk = Desk::open(settings);
    assert_eq!(desk.told().await, "up");
    desk.send(1, "Hi").await;
    assert_eq!(desk.told().await, "1.0 accepted as 1.1.0");
}

#[tokio::test]
async fn another_name_and_an_unknown_authority_are_not() {
    let expected = "down: the gateway's certificate is not trusted, or of another name";
    let (_folder, settings) = gateway("other.example").await;
    assert_eq!(Desk::open(settings).told().await, expected);
    let (_folder, mut settings) = gateway("localhost").await;
    settings.authorities = None;
    assert_eq!(Desk::open(settings).told().await, expected);
}
