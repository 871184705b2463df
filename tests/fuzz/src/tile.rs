//! A tile's path, and behind a line feed its bytes: hashes, or a bundle of entries.

use sijill_ledger::bundle;
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind, write_hashes};

/// No tile has two paths and no other text is one; bytes that read as a tile's are written again as they were.
pub(crate) fn check(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let path = std::str::from_utf8(parts.next().unwrap_or_default());
    let Some(id) = path.ok().and_then(|path| path.parse::<TileId>().ok()) else {
        return;
    };
    assert_eq!(Ok(id.to_string().as_str()), path);
    is_of_a_tree(id);
    let content = parts.next().unwrap_or_default();
    match id.kind() {
        TileKind::Entries => bundle_is_its_entries(content, id.width()),
        TileKind::Hashes { .. } => {
            if let Ok(hashes) = id.read_hashes(content) {
                assert_eq!(hashes.len() as u64, id.width());
                assert_eq!(write_hashes(&hashes), content);
            }
        }
    }
}

/// The smallest tree that has the tile in this width has it so, and the one before has it not.
fn is_of_a_tree(id: TileId) {
    assert_eq!(TileId::new(id.kind(), id.index(), id.width()), Ok(id));
    let hashes = id.index() * TILE_WIDTH + id.width();
    let size = hashes << (8 * u32::from(id.level()));
    assert!(id.is_of(size) && !id.is_of(size - 1));
    assert!(
        id.full()
            .is_none_or(|full| full.is_full() && full.index() == id.index())
    );
}

fn bundle_is_its_entries(content: &[u8], width: u64) {
    let Ok(entries) = bundle::read(content, width) else {
        return;
    };
    assert_eq!(entries.len() as u64, width);
    let mut written = Vec::new();
    for entry in entries {
        bundle::push(&mut written, entry).expect("it was an entry of a bundle");
    }
    assert_eq!(written, content);
}
