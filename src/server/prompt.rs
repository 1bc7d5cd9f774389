//! A connection that says what it owes while it waits.
//!
//! Some answers of TLS are made while it reads: the warning to a client that would renegotiate,
//! the KeyUpdate that was asked for. They would go out with the next response, for which a
//! client that waits for them never asks.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::guard::GuardedStream;

pub(crate) struct Prompt(pub(crate) TlsStream<GuardedStream>);

impl Prompt {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut TlsStream<GuardedStream>> {
        Pin::new(&mut self.get_mut().0)
    }
}

impl AsyncRead for Prompt {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut stream = self.stream();
        let read = stream.as_mut().poll_read(context, buffer);
        if read.is_pending()
            && stream.get_ref().1.wants_write()
            && let Poll::Ready(Err(error)) = stream.poll_flush(context)
        {
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
