//! How much of request bodies one connection may hold in memory.
//!
//! HTTP/2 carries many requests at once, and each may have a body. Whoever comes over the
//! connection's allowance waits for the ones before it.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted: finer would not fit the semaphore.
const UNIT: usize = 1024;

/// The allowance of one connection. Clones mean the same one.
#[derive(Clone, Debug)]
pub(crate) struct BodyAllowance(Arc<Semaphore>);

/// A part of the allowance, given back when dropped.
pub(crate) type Held = Option<OwnedSemaphorePermit>;

/// The body is too large, or broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoBody;

impl BodyAllowance {
    pub(crate) fn new(octets: usize) -> Self {
        Self(Arc::new(Semaphore::new(
            (octets / UNIT).clamp(1, Semaphore::MAX_PERMITS),
        )))
    }

    /// Reads a request's body of at most so many octets, once there is room for it.
    pub(crate) async fn read(
        &self,
        request: Request,
        most: usize,
    ) -> Result<(Request, Held), NoBody> {
        let (head, body) = request.into_parts();
        let size = body.size_hint();
        if size.lower() > most as u64 {
            return Err(NoBody);
        }
        let expected = size
            .upper()
            .and_then(|upper| usize::try_from(upper).ok())
            .map_or(most, |upper| upper.min(most));
        if expected == 0 && body.is_end_stream() {
            return Ok((Request::from_parts(head, Body::empty()), None));
        }
        let units = u32::try_from(expected.div_ceil(UNIT)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let held = Arc::clone(&self.0)
            .acquire_many_owned(units)
            .await
            .map_err(|_| NoBody)?;
        let body = to_bytes(body, most).await.map_err(|_| NoBody)?;
        Ok((Request::from_parts(head, Body::from(body)), Some(held)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn request(octets: usize) -> Request {
        Request::new(Body::from(vec![b'x'; octets]))
    }

    #[tokio::test]
    async fn bodies_of_one_connection_wait_for_each_other_and_those_without_do_not() {
        let allowance = BodyAllowance::new(4 * UNIT);
        let most = 3 * UNIT;
        let (_, first) = allowance.read(request(most), most).await.expect("fits");
        let waits = allowance.read(request(most), most);
        assert!(timeout(Duration::from_millis(50), waits).await.is_err());
        assert!(allowance.read(request(0), most).await.is_ok());
        assert!(allowance.read(request(UNIT), most).await.is_ok());
        drop(first);
        assert!(allowance.read(request(most), most).await.is_ok());
        assert_eq!(
            allowance.read(request(most + 1), most).await.err(),
            Some(NoBody)
        );
    }
}
