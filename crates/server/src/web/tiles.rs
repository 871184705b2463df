//! What is published of a poll, for machines: checkpoints, tiles and bundles, proofs (docs/SPEC.md, section 13). What is
//! named by its content or size never changes, and may be kept for ever.

use super::Web;
use super::trouble::{Parts, problem};
use crate::ServerError;
use crate::book::Book;
use crate::limits::TILES_KEPT_BYTES_MAX;
use crate::tree::is_published;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sijill_ledger::decimal;
use sijill_ledger::limits::TREE_SIZE_MAX;
use sijill_ledger::tile::TileId;
use sijill_pages::ProblemKind;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// As long as the shortest publication step: who asks again gets what is new.
const FOR_A_MOMENT: &str = "public, max-age=1";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Full tiles and bundles that were asked for, kept in memory up to a limit, then forgotten all at once; also whenever some
/// were mended, which may have been kept as they were before.
#[derive(Debug, Clone, Default)]
pub struct KeptTiles(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    tiles: BTreeMap<(Arc<str>, TileId), Bytes>,
    bytes: usize,
    /// How many tiles had been mended before these were read.
    mended: u64,
}

impl KeptTiles {
    fn get(&self, slug: &Arc<str>, id: TileId, mended: u64) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.are_after(mended);
        kept.tiles.get(&(Arc::clone(slug), id)).cloned()
    }

    /// Keeps a tile that was read when so many had been mended.
    fn keep(&self, slug: Arc<str>, id: TileId, bytes: &Bytes, mended: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.mended != mended {
            return;
        }
        if kept.bytes + bytes.len() > TILES_KEPT_BYTES_MAX {
            kept.forget(mended);
        }
        if kept.tiles.insert((slug, id), bytes.clone()).is_none() {
            kept.bytes += bytes.len();
        }
    }
}

impl Kept {
    fn are_after(&mut self, mended: u64) {
        if self.mended < mended {
            self.forget(mended);
        }
    }

    fn forget(&mut self, mended: u64) {
        *self = Self {
            mended,
            ..Self::default()
        };
    }
}

/// The newest checkpoint.
pub async fn checkpoint(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let newest = web
        .service
        .book(&slug)
        .and_then(|book| book.published().checkpoint.clone());
    match newest {
        Some(newest) => sent(newest.to_string(), TEXT, FOR_A_MOMENT),
        None => problem(&web, &headers, None, ProblemKind::NotFound),
    }
}

/// Every published checkpoint, oldest first; from a byte on where the request says so.
pub async fn checkpoints(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let book = web.service.book(&slug);
    let Some((book, end)) = book.map(|book| (Arc::clone(&book), book.list_end())) else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let from = first_byte(&headers).unwrap_or(0);
    if from > 0 && from >= end {
        let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
        let whole = HeaderValue::from_str(&format!("bytes */{end}"));
        let headers = response.headers_mut();
        whole
            .into_iter()
            .for_each(|whole| drop(headers.insert(header::CONTENT_RANGE, whole)));
        return response;
    }
    let service = web.service.clone();
    let list = match end {
        0 => None,
        _ => service.public_folder(&book).list(from, end).ok(),
    };
    let Some(list) = list else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let list = tokio::fs::File::from_std(list.into_inner()).take(end - from);
    let body = Body::from_stream(ReaderStream::new(list));
    let mut response = sent(body, TEXT, FOR_A_MOMENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if from > 0 {
        let part = format!("bytes {from}-{}/{end}", end.saturating_sub(1));
        if let Ok(part) = HeaderValue::from_str(&part) {
            headers.insert(header::CONTENT_RANGE, part);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// `bytes=N-` asks for everything from byte N on; anything else is answered with the whole.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    let first = range.strip_prefix("bytes=")?.strip_suffix('-')?;
    decimal::parse(first, u64::MAX)
}

/// A tile of hashes.
pub async fn hashes(
    State(web): State<Web>,
    Parts((slug, level, rest)): Parts<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    tile(&web, &headers, &slug, &format!("tile/{level}/{rest}")).await
}

/// A bundle of entries.
pub async fn bundle(
    State(web): State<Web>,
    Parts((slug, rest)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    tile(&web, &headers, &slug, &format!("tile/entries/{rest}")).await
}

async fn tile(web: &Web, headers: &HeaderMap, slug: &str, path: &str) -> Response {
    let not_found = || problem(web, headers, None, ProblemKind::NotFound);
    let (Some(book), Ok(id)) = (web.service.book(slug), path.parse::<TileId>()) else {
        return not_found();
    };
    let newest = book.published().checkpoint.clone();
    let size = newest.map_or(0, |newest| newest.claimed().size);
    if !is_published(id, size) {
        return not_found();
    }
    let slug = book.shared_slug();
    let mended = web.service.tiles_mended();
    if let Some(bytes) = web.tiles.get(&slug, id, mended) {
        return sent(bytes, BYTES, FOR_EVER);
    }
    let service = web.service.clone();
    let read = tokio::task::spawn_blocking(move || service.public_folder(&book).tile(id)).await;
    match read {
        Ok(Ok(Some(bytes))) => {
            let bytes = Bytes::from(bytes);
            if id.is_full() {
                web.tiles.keep(slug, id, &bytes, mended);
            }
            sent(bytes, BYTES, FOR_EVER)
        }
        Ok(Ok(None)) => not_found(),
        _ => problem(web, headers, None, ProblemKind::Internal),
    }
}

/// The receipt of an entry under a published checkpoint.
pub async fn receipt(
    State(web): State<Web>,
    Parts((slug, size, index)): Parts<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    proof(
        &web,
        &headers,
        &slug,
        [&size, &index],
        |service, book, [size, index]| {
            let receipt = service.receipt(book, size, index)?;
            Ok(receipt.map(|receipt| receipt.to_string()))
        },
    )
    .await
}

/// The consistency proof between two published sizes.
pub async fn consistency(
    State(web): State<Web>,
    Parts((slug, old, new)): Parts<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    proof(
        &web,
        &headers,
        &slug,
        [&old, &new],
        |service, book, [old, new]| {
            let proof = service.consistency(book, old, new)?;
            let line = |hash: &sijill_ledger::Hash| hash.to_base64() + "\n";
            Ok(proof.map(|proof| proof.hashes().iter().map(line).collect()))
        },
    )
    .await
}

async fn proof(
    web: &Web,
    headers: &HeaderMap,
    slug: &str,
    numbers: [&str; 2],
    make: impl FnOnce(&crate::Service, &Book, [u64; 2]) -> Result<Option<String>, ServerError>
    + Send
    + 'static,
) -> Response {
    let not_found = || problem(web, headers, None, ProblemKind::NotFound);
    let numbers = numbers.map(|number| decimal::parse(number, TREE_SIZE_MAX));
    let ([Some(one), Some(other)], Some(book)) = (numbers, web.service.book(slug)) else {
        return not_found();
    };
    let service = web.service.clone();
    let made = tokio::task::spawn_blocking(move || make(&service, &book, [one, other])).await;
    match made {
        Ok(Ok(Some(text))) => sent(text, TEXT, FOR_EVER),
        Ok(Ok(None)) => not_found(),
        Ok(Err(error)) => {
            tracing::error!("{error}");
            problem(web, headers, None, ProblemKind::Internal)
        }
        Err(_) => problem(web, headers, None, ProblemKind::Internal),
    }
}

fn sent(body: impl IntoResponse, kind: &'static str, keep: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}
