//! The policy's behaviour, from rules and values to permits, denials and answers.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod contexts;
#[cfg(test)]
mod deciding;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod nearest;
#[cfg(test)]
mod property;
#[cfg(test)]
mod report_only;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod user;
#[cfg(test)]
mod ways;
