//! The protocols that keep references, and writes of several databases, as small models whose states are all visited: sessions
//! are lost and processes die at every point, and commits land late. With each rule broken a violation is found, so that the
//! models are known to tell.

mod checker;
mod decisions;
mod deeds;
mod parts;
mod references;
mod replayers;
mod requests;
