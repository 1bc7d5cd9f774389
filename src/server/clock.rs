//! Where the server reads the time: the system's clock, or a moment that is given.
//!
//! A case is judged at its own time, so the clock is part of what is trusted
//! and is replaced together with it.

use std::time::{Duration, SystemTime};

use rustls_pki_types::UnixTime;

use crate::question::Time;

/// A source of the validation time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The clock of the system.
    #[default]
    System,
    /// Always this moment.
    Fixed(Time),
}

impl Clock {
    /// The validation time, in whole seconds.
    pub fn now(&self) -> Time {
        match self {
            Self::Fixed(time) => *time,
            Self::System => {
                let since = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default();
                Time::from_seconds_since_1970(since.as_secs())
            }
        }
    }
}

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        // rustls has no moments before 1970; such a clock is refused rather than folded.
        let seconds = u64::try_from(self.now().unix_seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
