//! When a certificate is renewed: a state machine to which time is an argument.

use time::{Duration, OffsetDateTime};

/// The renewal schedule of one workload certificate.
///
/// Half of the lifetime is the grace period, give or take one percent (Istio's
/// `SECRET_GRACE_PERIOD_RATIO` and its jitter), so a certificate of 24 h is renewed after about
/// 12 h. A renewal that fails is tried again after a back-off while the old certificate goes on
/// serving until its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    ratio: f64,
    jitter: f64,
    state: Option<Held>,
    failures: u32,
    next: Option<OffsetDateTime>,
    /// When the last certificate or failure came.
    last: Option<OffsetDateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    not_after: OffsetDateTime,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationStep {
    /// Ask the authority for a certificate.
    Renew,
    /// Nothing before this time.
    Wait(OffsetDateTime),
}

/// How the certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateState {
    /// None has been received yet.
    Missing,
    /// It is valid.
    Valid,
    /// It is valid, but renewing it has failed this many times in a row.
    RenewalFailing(u32),
    /// It has ended; connections are refused with that reason.
    Expired,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { ratio: 0.5, jitter: 0.01, state: None, failures: 0, next: None, last: None }
    }
}

impl Rotation {
    /// The first pause after a failed renewal; it doubles up to [`Self::MAX_BACKOFF`].
    pub const MIN_BACKOFF: Duration = Duration::milliseconds(500);
    /// The longest pause between renewals that fail.
    pub const MAX_BACKOFF: Duration = Duration::seconds(60);

    /// Another grace period: the part of the lifetime that is left when renewal begins, and how
    /// far it is moved at random, both within 0 to 1.
    #[must_use]
    pub fn grace(mut self, ratio: f64, jitter: f64) -> Self {
        self.ratio = ratio.clamp(0.0, 1.0);
        self.jitter = jitter.clamp(0.0, 1.0);
        self
    }

    /// Whether to renew now.
    ///
    /// A clock that was set back makes every plan worthless, since it was made in a time that has
    /// not come yet: it is renewed at once then.
    pub fn step(&self, now: OffsetDateTime) -> RotationStep {
        let set_back = self.last.is_some_and(|last| now < last);
        match self.next {
            Some(next) if now < next && !set_back => RotationStep::Wait(next),
            _ => RotationStep::Renew,
        }
    }

    /// A certificate came at `now` that ends at `not_after`. `draw` is evenly spread over 0 to 1.
    pub fn renewed(&mut self, now: OffsetDateTime, not_after: OffsetDateTime, draw: f64) {
        let lifetime = not_after - now;
        let ratio = (self.ratio + self.jitter * (2.0 * draw - 1.0)).clamp(0.0, 1.0);
        let due = not_after - lifetime * ratio;
        self.state = Some(Held { not_after });
        self.failures = 0;
        self.next = Some(due.max(now));
        self.last = Some(now);
    }

    /// A renewal failed at `now`; the next one comes after a back-off.
    pub fn failed(&mut self, now: OffsetDateTime) {
        let doubled = Self::MIN_BACKOFF * 2_i32.pow(self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.next = Some(now + doubled.min(Self::MAX_BACKOFF));
        self.last = Some(now);
    }

    /// How the certificate stands at `now`.
    pub fn state(&self, now: OffsetDateTime) -> CertificateState {
        match self.state {
            None => CertificateState::Missing,
            Some(held) if now > held.not_after => CertificateState::Expired,
            Some(_) if self.failures > 0 => CertificateState::RenewalFailing(self.failures),
            Some(_) => CertificateState::Valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_renewed_around_noon() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for (draw, least, most) in [(0.0, 12.2, 12.3), (0.5, 11.99, 12.01), (1.0, 11.7, 11.8)] {
            let mut rotation = Rotation::default();
            rotation.renewed(now, now + Duration::hours(24), draw);
            let RotationStep::Wait(due) = rotation.step(now) else { panic!("renewed at once") };
            let hours = (due - now).as_seconds_f64() / 3600.0;
            assert!((least..=most).contains(&hours), "{draw}: {hours}");
        }
    }

    #[test]
    fn failing_renewals_leave_the_old_certificate_in_force() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut rotation = Rotation::default();
        assert_eq!(rotation.step(now), RotationStep::Renew);
        assert_eq!(rotation.state(now), CertificateState::Missing);
        rotation.renewed(now, now + Duration::hours(1), 0.5);
        let later = now + Duration::minutes(40);
        assert_eq!(rotation.step(later), RotationStep::Renew);
        rotation.failed(later);
        assert_eq!(rotation.step(later), RotationStep::Wait(later + Rotation::MIN_BACKOFF));
        assert_eq!(rotation.state(later), CertificateState::RenewalFailing(1));
        assert_eq!(rotation.state(now + Duration::hours(2)), CertificateState::Expired);
    }

    #[test]
    fn a_clock_that_steps_is_followed() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let mut rotation = Rotation::default();
        rotation.renewed(now, now + Duration::hours(24), 0.5);
        // Forward beyond the end: expired, and due.
        let forward = now + Duration::days(2);
        assert_eq!(rotation.state(forward), CertificateState::Expired);
        assert_eq!(rotation.step(forward), RotationStep::Renew);
        rotation.failed(forward);
        // Back again: the back-off of the wrong time holds up nothing.
        assert_eq!(rotation.step(now + Duration::seconds(1)), RotationStep::Renew);
        rotation.failed(now + Duration::seconds(1));
        assert!(matches!(rotation.step(now + Duration::seconds(1)), RotationStep::Wait(_)));
        assert!(matches!(rotation.state(now), CertificateState::RenewalFailing(2)));
        // Back before the certificate was asked for: another one is asked for.
        rotation.renewed(now, now + Duration::hours(24), 0.5);
        assert_eq!(rotation.step(now - Duration::days(1)), RotationStep::Renew);
    }

    proptest! {
        /// With an authority that fails now and then, but not for half a lifetime on end, there is
        /// never a moment without a valid certificate.
        #[test]
        fn no_gap(lifetime in 10_i64..100_000, draws in proptest::collection::vec((0.0_f64..1.0, 0_u8..4), 1..60)) {
            let mut now = OffsetDateTime::UNIX_EPOCH;
            let mut rotation = Rotation::default();
            rotation.renewed(now, now + Duration::seconds(lifetime), 0.5);
            for (draw, failures) in draws {
                let RotationStep::Wait(due) = rotation.step(now) else { continue };
                now = due;
                for _ in 0..failures {
                    rotation.failed(now);
                    if let RotationStep::Wait(next) = rotation.step(now) { now = next; }
                }
                prop_assert_ne!(rotation.state(now), CertificateState::Expired);
                rotation.renewed(now, now + Duration::seconds(lifetime), draw);
            }
        }
    }
}
