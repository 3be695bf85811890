//! Whole configurations, loaded from files of their own.

mod ahead;
mod environment;
mod examples;
mod files;
mod issuers;
mod loading;
mod mistakes;
mod passwords;
mod site;
mod syslog;
mod warnings;
