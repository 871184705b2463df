//! A connection whose peer must take what it asked for: patience with a slow one, none with one that does not read.

use crate::limits::WRITE_BYTES_MIN;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A stream that fails once its peer took fewer than [`WRITE_BYTES_MIN`] bytes in the time it has for them.
pub(crate) struct Patient<S> {
    stream: S,
    limit: Duration,
    /// Runs from when the peer first kept us waiting.
    patience: Option<Pin<Box<Sleep>>>,
    /// Bytes that it took since.
    taken: usize,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            patience: None,
            taken: 0,
        }
    }

    /// Looks at what came of a write.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => {
                self.taken += bytes;
                if self.taken >= WRITE_BYTES_MIN {
                    self.patience = None;
                }
                return written;
            }
            Poll::Ready(Err(_)) => return written,
            Poll::Pending => {}
        }
        if self.patience.is_none() {
            self.taken = 0;
        }
        let start = || Box::pin(tokio::time::sleep(self.limit));
        let patience = self.patience.get_or_insert_with(start);
        match patience.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const LIMIT: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn who_reads_slowly_is_served() {
        let (near, mut far) = tokio::io::duplex(1_024);
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; 1_024];
            while far.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let mut near = Patient::new(near, LIMIT);
        let much = vec![7; 40 * WRITE_BYTES_MIN];
        near.write_all(&much).await.unwrap();
        drop(near);
        reader.await.unwrap();
    }

    #[tokio::test]
    async fn who_does_not_read_is_given_up() {
        let (near, far) = tokio::io::duplex(1_024);
        let refused = Patient::new(near, LIMIT).write_all(&[7; 2_048]).await;
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(far);
    }
}
