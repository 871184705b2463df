//! TLS: the certificate is checked, and the name in it.

use crate::desk::{Desk, settings};
use crate::raw::{BIND, RESPONSE, pdu};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sijill_outreach::smpp::settings::{SmppSettings, Tls};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// A message centre of this name, its authority in a file.
struct Centre {
    folder: TempDir,
    settings: SmppSettings,
}

impl Centre {
    async fn named(name: &str) -> Self {
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
        let settings = settings(listener.local_addr().unwrap().port());
        tokio::spawn(binds(listener, Arc::new(config).into()));
        Self { folder, settings }
    }

    fn desk(&self, name: &str, authorities: bool) -> Desk {
        let mut settings = self.settings.clone();
        let authorities = authorities.then(|| self.folder.path().join("authority.pem"));
        settings.tls = Some(Tls {
            name: Some(name.to_owned()),
            authorities,
        });
        Desk::open(settings)
    }
}

/// Takes binds, and asks behind each whether somebody is there.
async fn binds(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let (plain, _) = listener.accept().await.unwrap();
        let Ok(mut line) = acceptor.accept(plain).await else {
            continue;
        };
        tokio::spawn(async move {
            let mut bind = vec![0; 16];
            line.read_exact(&mut bind).await.unwrap();
            let mut body = vec![0; usize::from(bind[3]) - 16];
            line.read_exact(&mut body).await.unwrap();
            assert!(body.starts_with(b"sijill\0secret\0"));
            line.write_all(&pdu(BIND | RESPONSE, 0, 1, b"\0"))
                .await
                .unwrap();
            line.flush().await.unwrap();
            let mut submit = vec![0; 16];
            line.read_exact(&mut submit).await.unwrap();
            let answer = pdu(
                crate::raw::SUBMIT | RESPONSE,
                0,
                u32::from(submit[15]),
                b"safe\0",
            );
            line.write_all(&answer).await.unwrap();
            line.flush().await.unwrap();
            let _ = line.read_to_end(&mut Vec::new()).await;
        });
    }
}

#[tokio::test]
async fn a_trusted_certificate_of_the_right_name_is_connected_to() {
    let centre = Centre::named("smsc.example").await;
    let mut desk = centre.desk("smsc.example", true);
    assert_eq!(desk.told().await, "up");
    desk.send(1, "Hi").await;
    assert_eq!(desk.told().await, "1.0 accepted as safe");
}

#[tokio::test]
async fn another_name_and_an_unknown_authority_are_not() {
    let centre = Centre::named("smsc.example").await;
    for (name, authorities) in [("other.example", true), ("smsc.example", false)] {
        let mut desk = centre.desk(name, authorities);
        let expected = "down: the gateway's certificate is not trusted, or of another name";
        assert_eq!(desk.told().await, expected);
    }
}
