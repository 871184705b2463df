//! The service's keys: one master, from which each ledger's log key and promise key are derived.
//!
//! Making and storing the master is `sijill`'s.

use sijill_ledger::{Origin, SecretKey};

/// The service master: 32 secret bytes.
#[derive(Clone)]
pub struct MasterKey(zeroize::Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A master from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(zeroize::Zeroizing::new(bytes))
    }

    /// The key that signs the checkpoints of the ledger named `origin`.
    pub fn log_key(&self, origin: &Origin) -> SecretKey {
        self.derive("sijill 2026 log key v1", origin)
    }

    /// The key that signs the promises of the ledger named `origin`.
    pub fn promise_key(&self, origin: &Origin) -> SecretKey {
        self.derive("sijill 2026 promise key v1", origin)
    }

    fn derive(&self, context: &str, origin: &Origin) -> SecretKey {
        let material =
            zeroize::Zeroizing::new([self.0.as_slice(), origin.as_str().as_bytes()].concat());
        SecretKey::from_seed(blake3::derive_key(context, &material))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
