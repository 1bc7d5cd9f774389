//! An answer to a request whose body nobody has read.
//!
//! A client that is still sending may never look at an answer whose stream is cut off
//! meanwhile. So the answer goes out at once, and its end waits for the body's: what arrives
//! is forgotten, up to a bound.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Octets of a body that are forgotten at the most, and how long that may take.
const MOST: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

/// This answer, with the body that was not read.
pub(crate) fn leave_unread(answer: Response, rest: Body) -> Response {
    if rest.is_end_stream() {
        return answer;
    }
    answer.map(|answer| {
        Body::new(WithUnread {
            answer,
            rest,
            left: MOST,
            patience: Box::pin(sleep(PATIENCE)),
        })
    })
}

struct WithUnread {
    answer: Body,
    rest: Body,
    left: usize,
    patience: Pin<Box<Sleep>>,
}

impl HttpBody for WithUnread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = ready!(Pin::new(&mut self.answer).poll_frame(context)) {
            return Poll::Ready(Some(frame));
        }
        loop {
            if self.patience.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            let Some(Ok(frame)) = ready!(Pin::new(&mut self.rest).poll_frame(context)) else {
                return Poll::Ready(None);
            };
            let piece = frame.into_data().map_or(0, |piece| piece.len());
            match self.left.checked_sub(piece) {
                Some(left) => self.left = left,
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, response::IntoResponse};

    use super::*;

    /// A body without an end.
    struct Endless;

    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 16_384])))))
        }
    }

    #[tokio::test]
    async fn the_answer_arrives_whole_and_ends_whatever_the_client_sends() {
        let answer = leave_unread("too large".into_response(), Body::new(Endless));
        let octets = to_bytes(answer.into_body(), 64).await.expect("an answer");
        assert_eq!(&octets[..], b"too large");
    }
}
