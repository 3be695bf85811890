//! Named sets of SOP classes and the operations on them: what `services = [...]` means.
