//! Every limit of this crate, with its unit last and the arithmetic behind it.

/// Invitations of one chunk of the vault: 128 × 32 bytes are the 4 KiB that a disk reads at a time anyway, and one chunk
/// is all that looking up one invitation decrypts. Its nonce and tag (40 bytes) are 1 % of it.
pub const CHUNK_RECORDS: usize = 128;

/// Most memory that a vault may ask for to make a key from a passphrase, in KiB: 1 GiB. Sixteen times what we ask for,
/// and what a machine of the sender has; a file of somebody else's must not take more.
pub const PASSPHRASE_KIB_MAX: u32 = 1 << 20;

/// Most passes over that memory: with all of it, some seconds each.
pub const PASSPHRASE_PASSES_MAX: u32 = 16;

/// Most lanes of that memory.
pub const PASSPHRASE_LANES_MAX: u32 = 16;
