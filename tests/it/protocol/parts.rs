//! What the databases have of a write of several of them: its parts, their markers, the journal, and open transactions.

/// The source whose commit decides.
pub const DECIDER: usize = 0;
/// Sources at most, and attempts under one name.
pub const SOURCES: usize = 3;
pub const ATTEMPTS: usize = 2;
/// How they are called.
pub const NAMES: [&str; SOURCES] = ["the decider", "the second source", "the third source"];

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The part is done.
    Applied,
    /// It never will be.
    Aborted,
}

/// What a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// The operations of a part; those of a part in which there is nothing to do.
    Apply {
        /// Whether there is something to do.
        changes: bool,
    },
    /// The part that decides: the same, and the journal's row.
    Decide {
        /// Whether there is something to do.
        changes: bool,
        /// The request.
        by: usize,
        /// All parts, as bits.
        parts: u8,
    },
    /// Nothing but a marker that the part will never be done.
    Abort,
}

/// A transaction, as its database sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transaction {
    /// Its database.
    pub source: usize,
    /// The attempt that it is a part of.
    pub attempt: usize,
    /// Who is connected with it. Without anyone its database undoes it some time later, unless its commit lands before.
    pub owner: Option<usize>,
    /// Its commit is under way.
    pub sent: bool,
    /// Its marker is in the way of another one of the same part.
    pub marks: bool,
    /// What it does.
    pub work: Work,
}

/// The commit that decided an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The request that sent it.
    pub by: usize,
    /// All parts, as bits.
    pub parts: u8,
}

/// What is known of an attempt from its markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is decided; whether parts are left to be done.
    Decided {
        /// Whether parts are left.
        pending: bool,
    },
    /// It never will be.
    Aborted,
    /// Nothing.
    Nothing,
}

/// All databases.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Databases {
    /// Committed markers.
    pub markers: [[Option<Outcome>; SOURCES]; ATTEMPTS],
    /// Whether the journal tells what is left to be done.
    pub journal: [bool; ATTEMPTS],
    /// What was ever decided, and the parts that were ever committed, as bits.
    pub decided: [Option<Decision>; ATTEMPTS],
    done: [u8; ATTEMPTS],
    /// How often the operations of each source were done.
    pub applied: [u8; SOURCES],
    /// Transactions that have not ended.
    pub open: Vec<Transaction>,
}

impl Databases {
    /// Before anything is written.
    pub fn new() -> Self {
        Self {
            markers: Default::default(),
            journal: [false; ATTEMPTS],
            decided: [None; ATTEMPTS],
            done: [0; ATTEMPTS],
            applied: [0; SOURCES],
            open: Vec::new(),
        }
    }

    /// The transaction that somebody is connected with.
    pub fn session(&self, owner: usize, source: usize) -> Option<usize> {
        self.open.iter().position(|one| one.owner == Some(owner) && one.source == source)
    }

    /// Whether an open transaction has added a marker: who adds the same one waits for it.
    pub fn is_held(&self, attempt: usize, source: usize) -> bool {
        self.open.iter().any(|one| one.marks && (one.attempt, one.source) == (attempt, source))
    }

    /// What is known of an attempt.
    pub fn known(&self, attempt: usize) -> Known {
        let markers = &self.markers[attempt];
        if markers.contains(&Some(Outcome::Applied)) {
            let parts = self.decided[attempt].map_or(0, |decision| decision.parts);
            let left = (0..SOURCES).any(|part| parts & (1 << part) != 0 && markers[part].is_none());
            Known::Decided { pending: left && self.journal[attempt] }
        } else if markers.contains(&Some(Outcome::Aborted)) {
            Known::Aborted
        } else {
            Known::Nothing
        }
    }

    /// Whether all parts of what was decided are committed.
    pub fn is_whole(&self, attempt: usize) -> bool {
        self.decided[attempt].is_some_and(|decision| self.done[attempt] & decision.parts == decision.parts)
    }

    /// Whether something is committed, but not all of it.
    pub fn is_parted(&self, attempt: usize) -> bool {
        self.done[attempt] != 0 && !self.is_whole(attempt)
    }

    /// Begins a transaction and does all of its work.
    pub fn begin(&mut self, one: Transaction) {
        self.open.push(one);
        self.sort();
    }

    /// A commit is sent.
    pub fn send(&mut self, at: usize) {
        self.open[at].sent = true;
        self.sort();
    }

    /// A connection is lost.
    pub fn cut(&mut self, at: usize) {
        self.open[at].owner = None;
        self.sort();
    }

    /// Somebody dies or gives up.
    pub fn let_go(&mut self, owner: usize) {
        self.open.iter_mut().filter(|one| one.owner == Some(owner)).for_each(|one| one.owner = None);
        self.sort();
    }

    /// A transaction is committed.
    pub fn land(&mut self, at: usize) {
        let Transaction { source, attempt, work, .. } = self.open.remove(at);
        let changes = match work {
            Work::Abort => {
                self.markers[attempt][source] = Some(Outcome::Aborted);
                return;
            }
            Work::Apply { changes } => changes,
            Work::Decide { changes, by, parts } => {
                self.decided[attempt] = Some(Decision { by, parts });
                self.journal[attempt] = parts.count_ones() > 1;
                changes
            }
        };
        self.markers[attempt][source] = Some(Outcome::Applied);
        self.done[attempt] |= 1 << source;
        self.applied[source] += u8::from(changes);
    }

    /// States that differ in the order of transactions alone are the same.
    fn sort(&mut self) {
        self.open.sort_unstable();
    }
}
