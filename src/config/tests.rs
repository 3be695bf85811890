//! Whole configurations, loaded from files of their own.

mod environment;
mod files;
mod loading;
mod mistakes;
mod site;
