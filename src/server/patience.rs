//! How long a peer may be silent before somebody else gets its place.
//!
//! Patience is for those who are slow and honest, and what there is of it depends on how many
//! want a place: who stands still behind a crowd is let go sooner.

use std::time::Duration;

/// The least share of it that everybody gets, but in a crowd.
const SHARES: u32 = 10;

/// What is enough where one address holds more than another.
pub(super) fn least(patience: Duration) -> Duration {
    patience / SHARES
}

/// Patience while so many others wait for so many places. It falls to a tenth when as many wait
/// as there are places, and then so that the queue grows no further: who is thrown out has
/// been silent the longest all the same.
pub(super) fn shared(patience: Duration, waiting: usize, places: usize) -> Duration {
    let crowding = waiting as f64 / places as f64;
    let least = 1.0 / f64::from(SHARES);
    patience.mul_f64(if crowding < 1.0 {
        1.0 - (1.0 - least) * crowding
    } else {
        least / crowding
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_wait_the_less_silence_is_enough() {
        let table = [(0, 200), (1, 182), (5, 110), (10, 20), (20, 10), (100, 2)];
        for (waiting, milliseconds) in table {
            let found = shared(Duration::from_millis(200), waiting, 10);
            assert_eq!(found.as_millis(), milliseconds, "{waiting} wait for 10");
        }
    }
}
