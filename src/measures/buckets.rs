//! Into which lengths measurements are sorted, in seconds.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Lengths, by what they are told apart.
pub(super) type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// From a look at a table to a policy of thousands of peers.
pub(super) fn computation() -> Histogram {
    Histogram::new([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
}

/// From the next rack to what a time-out ends.
pub(super) fn network() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
}

/// From a small image to a long series in one object.
pub(super) fn transfer() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
    ])
}

/// From a C-ECHO to a workstation that stays all day.
pub(super) fn stay() -> Histogram {
    Histogram::new([0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0])
}
