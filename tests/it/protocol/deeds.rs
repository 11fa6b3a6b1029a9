//! The model of a reference between two databases: some add rows that refer to one row, and others remove that row. What each
//! of them does is a list of deeds.
//!
//! A connection is lost between any two deeds, and its process notices at its next deed in that session. The database undoes
//! the transaction some time later and keeps its locks until then; a commit that was sent may still land. The
//! transactions of who dies or gives up end likewise.

use super::checker::{Kind, Model, Step};
use Deed::{Add, Begin, Change, Commit, LetGo, Look, Remove, Take, Verify};
use Session::{Apart, Referenced, Referring};

/// The lock of the key's value, in the database of the referring rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fence {
    /// Of who adds a reference.
    Shared,
    /// Of who removes what is referred to.
    Exclusive,
}

/// A session of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// With the database of the referring rows.
    Referring,
    /// With the database of the referenced row.
    Referenced,
    /// A second one with the database of the referring rows.
    Apart,
}

impl Session {
    fn name(self) -> &'static str {
        match self {
            Referring => "with the referring rows",
            Referenced => "with the referenced row",
            Apart => "with the referring rows, as the second one",
        }
    }
}

/// How the referenced row is read by who refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// With a lock that is held no longer than that: who is removing the row is waited for.
    Locking,
    /// As it is committed.
    Plain,
}

/// How referring rows are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// In the transaction that holds the fence, as they are now.
    Fenced,
    /// In the transaction that holds the fence, as they were when it began.
    Snapshot,
    /// In a transaction of its own.
    Aside,
}

/// What a process does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Begins a transaction.
    Begin(Session),
    /// Takes the fence in it.
    Take(Fence, Session),
    /// Lets the fence go before the transaction ends.
    LetGo,
    /// Adds its row, which refers to the referenced one.
    Add,
    /// Reads whether the referenced row is there.
    Verify(Reading),
    /// Changes a column of the referenced row to which nothing refers.
    Change,
    /// Locks the referenced row and removes it.
    Remove,
    /// Looks for referring rows: they are removed as well, or the removal is refused.
    Look(Sight),
    /// Commits.
    Commit(Session),
}

/// What a process is there for.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    name: &'static str,
    deeds: &'static [Deed],
    /// Referring rows are removed as well.
    cascades: bool,
}

/// Who adds a reference.
pub fn adder(deeds: &'static [Deed]) -> Role {
    Role { name: "adder", deeds, cascades: false }
}

/// Who removes the referenced row, unless rows refer to it.
pub fn remover(deeds: &'static [Deed]) -> Role {
    Role { name: "remover", deeds, cascades: false }
}

/// Who removes the referenced row, and the rows that refer to it.
pub fn cascader(deeds: &'static [Deed]) -> Role {
    Role { name: "cascader", deeds, cascades: true }
}

/// Processes that meet at one row, and how many sessions and processes are lost at most.
pub struct References {
    /// The processes.
    pub roles: Vec<Role>,
    /// Losses at most.
    pub losses: u8,
}

/// What the client of a process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is done.
    Done,
    /// Nothing is done: the referenced row is not there.
    Missing,
    /// Nothing is done: rows refer to it.
    Refused,
    /// Nothing is done: a session was lost.
    Failed,
    /// A part of it is done, and the rest is left to be done.
    Pending,
    /// Whether it is done is not known.
    Unknown,
    /// Nothing, for the process died.
    None,
}

/// How far a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Its client has not come yet.
    Outside,
    /// It is about to do this deed.
    At(usize),
    /// It waits for the answer to this commit.
    Sent(usize),
    /// It has answered.
    Ended(Answer),
}

/// What a process knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process {
    place: Place,
    /// It has found referring rows, and removes them.
    follows: bool,
    /// The referring rows when its transaction began, as bits.
    snapshot: u8,
}

/// A row, as far as it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// It was never there.
    Absent,
    /// It is there.
    There,
    /// It was removed, by this process.
    RemovedBy(usize),
}

/// A transaction, as its database sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Transaction {
    owner: usize,
    session: Session,
    /// Its connection is lost or was given up.
    cut: bool,
    /// Its commit is under way.
    sent: bool,
    fence: Option<Fence>,
    /// It adds the row of its owner.
    adds: bool,
    /// It holds the lock of the referenced row.
    locks: bool,
    /// It removes the referenced row.
    removes: bool,
    /// The referring rows that it removes, as bits.
    follows: u8,
}

/// Both databases, and all processes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The row that others refer to.
    pub referenced: Row,
    /// A row for each process that adds one.
    pub referring: Vec<Row>,
    processes: Vec<Process>,
    open: Vec<Transaction>,
    losses: u8,
}

impl State {
    /// The transaction of a process, while it is connected.
    fn session(&self, owner: usize, session: Session) -> Option<usize> {
        self.open.iter().position(|one| one.owner == owner && one.session == session && !one.cut)
    }

    /// The referring rows that are committed, as bits.
    pub fn visible(&self) -> u8 {
        let there = self.referring.iter().enumerate().filter(|(_, row)| **row == Row::There);
        there.map(|(at, _)| 1 << at).sum()
    }

    /// Whether this is what the client of a process is told.
    pub fn is_told(&self, me: usize, answer: Answer) -> bool {
        self.processes[me].place == Place::Ended(answer)
    }

    /// Whether a process has added or removed a row for good.
    fn has_effect(&self, of: usize) -> bool {
        let removed = Row::RemovedBy(of);
        self.referring[of] != Row::Absent || self.referenced == removed || self.referring.contains(&removed)
    }

    fn begin(&mut self, owner: usize, session: Session) {
        self.open.push(Transaction {
            owner,
            session,
            cut: false,
            sent: false,
            fence: None,
            adds: false,
            locks: false,
            removes: false,
            follows: 0,
        });
        self.open.sort_by_key(|one| (one.owner, one.session as u8));
    }

    /// A transaction is committed.
    fn land(&mut self, at: usize) {
        let one = self.open.remove(at);
        if one.adds {
            self.referring[one.owner] = Row::There;
        }
        if one.removes {
            self.referenced = Row::RemovedBy(one.owner);
        }
        for (_, row) in self.referring.iter_mut().enumerate().filter(|(at, _)| one.follows & (1 << at) != 0) {
            *row = Row::RemovedBy(one.owner);
        }
    }

    /// A process ends, and gives up the transactions that it still has.
    fn end(&mut self, me: usize, answer: Answer) {
        self.processes[me].place = Place::Ended(answer);
        self.open.iter_mut().filter(|one| one.owner == me).for_each(|one| one.cut = true);
    }
}

impl References {
    /// Somebody changes the state.
    fn step(&self, state: &State, me: usize, what: &'static str, change: impl FnOnce(&mut State)) -> (Step, State) {
        let mut next = state.clone();
        change(&mut next);
        (Step { who: self.roles[me].name, number: me + 1, what, to: "", kind: Kind::Sure }, next)
    }

    /// The same, with a session.
    fn step_with(
        &self,
        state: &State,
        me: usize,
        (what, session): (&'static str, Session),
        change: impl FnOnce(&mut State),
    ) -> (Step, State) {
        let (step, next) = self.step(state, me, what, change);
        (Step { to: session.name(), ..step }, next)
    }

    /// A process goes on to its next deed. What only looked at the referring rows has nothing to commit there.
    fn go_on(&self, state: &mut State, me: usize, behind: usize) {
        let deeds = self.roles[me].deeds;
        let only_looked = deeds.contains(&Remove) && !state.processes[me].follows;
        let next = (behind + 1..deeds.len()).find(|at| !(only_looked && deeds[*at] == Commit(Referring)));
        match next {
            Some(next) => state.processes[me].place = Place::At(next),
            None => state.end(me, Answer::Done),
        }
    }

    /// The next deed of a process; none while it waits.
    fn act(&self, state: &State, me: usize, at: usize) -> Option<(Step, State)> {
        let deed = self.roles[me].deeds[at];
        let done = |what, change: &dyn Fn(&mut State)| {
            Some(self.step(state, me, what, |next| {
                change(next);
                self.go_on(next, me, at);
            }))
        };
        let ended = |what, answer| Some(self.step(state, me, what, |next| next.end(me, answer)));
        let session = match needed(deed).map(|session| state.session(me, session)) {
            None => usize::MAX,
            Some(Some(session)) => session,
            Some(None) => {
                let answer = if state.has_effect(me) { Answer::Pending } else { Answer::Failed };
                return ended("notices a lost session", answer);
            }
        };
        let there = state.referenced == Row::There;
        let locked = state.open.iter().any(|one| one.locks && one.owner != me);
        match deed {
            Begin(session) => Some(self.step_with(state, me, ("begins a transaction", session), |next| {
                next.begin(me, session);
                if session == Referring && self.roles[me].deeds.contains(&Look(Sight::Snapshot)) {
                    next.processes[me].snapshot = next.visible();
                }
                self.go_on(next, me, at);
            })),
            Take(fence, _) => {
                let others = state.open.iter().filter(|one| one.owner != me).filter_map(|one| one.fence);
                let free = others.into_iter().all(|other| [other, fence] == [Fence::Shared; 2]);
                if free { done("takes the fence", &|next| next.open[session].fence = Some(fence)) } else { None }
            }
            LetGo => done("lets the fence go", &|next| next.open[session].fence = None),
            Add => done("adds a row", &|next| next.open[session].adds = true),
            Verify(Reading::Locking) | Change | Remove if locked => None,
            Verify(_) | Change | Remove if !there => ended("misses the referenced row", Answer::Missing),
            Verify(_) => done("verifies that the referenced row is there", &|_| {}),
            Change => done("changes the referenced row", &|next| next.open[session].locks = true),
            Remove => done("removes the referenced row", &|next| {
                let one = &mut next.open[session];
                (one.locks, one.removes) = (true, true);
            }),
            Look(sight) => {
                let found = if sight == Sight::Snapshot { state.processes[me].snapshot } else { state.visible() };
                match (found, self.roles[me].cascades) {
                    (0, _) => done("finds no referring row", &|_| {}),
                    (_, false) => ended("finds a referring row and refuses", Answer::Refused),
                    (_, true) => done("finds referring rows and removes them", &|next| {
                        next.open[session].follows = found;
                        next.processes[me].follows = true;
                    }),
                }
            }
            Commit(with) => Some(self.step_with(state, me, ("sends a commit", with), |next| {
                next.open[session].sent = true;
                next.processes[me].place = Place::Sent(at);
            })),
        }
    }

    /// A process learns how its commit ended; nothing while it waits for that.
    fn learn(&self, state: &State, me: usize, at: usize) -> Option<(Step, State)> {
        let with = needed(self.roles[me].deeds[at])?;
        Some(match state.session(me, with) {
            Some(session) => self.step_with(state, me, ("gets its commit answered", with), |next| {
                next.land(session);
                self.go_on(next, me, at);
            }),
            None => self.step_with(state, me, ("gets no answer to its commit", with), |next| {
                let answer = if state.has_effect(me) { Answer::Pending } else { Answer::Unknown };
                next.end(me, answer);
            }),
        })
    }

    /// What becomes of transactions whose connections are lost.
    fn late(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = Vec::new();
        for (at, one) in state.open.iter().enumerate().filter(|(_, one)| one.cut) {
            let with = one.session;
            all.push(self.step_with(state, one.owner, ("has a lost transaction undone", with), |next| {
                next.open.remove(at);
            }));
            if one.sent {
                all.push(self.step_with(state, one.owner, ("has a commit land late", with), |next| next.land(at)));
            }
        }
        all
    }

    /// What can be lost.
    fn losses(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = Vec::new();
        for (at, one) in state.open.iter().enumerate().filter(|(_, one)| !one.cut) {
            all.push(
                self.step_with(state, one.owner, ("loses its session", one.session), |next| next.open[at].cut = true),
            );
        }
        for (me, process) in state.processes.iter().enumerate() {
            if matches!(process.place, Place::At(_) | Place::Sent(_)) {
                all.push(self.step(state, me, "dies", |next| next.end(me, Answer::None)));
            }
        }
        all.iter_mut().for_each(|(_, next)| next.losses += 1);
        all
    }
}

/// The session that a deed is done in; a verify, and a look aside, have their own for that moment.
fn needed(deed: Deed) -> Option<Session> {
    match deed {
        Begin(_) | Verify(_) | Look(Sight::Aside) => None,
        Take(_, session) | Commit(session) => Some(session),
        LetGo | Add | Look(_) => Some(Referring),
        Change | Remove => Some(Referenced),
    }
}

impl Model for References {
    type State = State;

    fn start(&self) -> State {
        let process = Process { place: Place::Outside, follows: false, snapshot: 0 };
        State {
            referenced: Row::There,
            referring: vec![Row::Absent; self.roles.len()],
            processes: vec![process; self.roles.len()],
            open: Vec::new(),
            losses: 0,
        }
    }

    fn next(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = self.late(state);
        let mut chances = if state.losses < self.losses { self.losses(state) } else { Vec::new() };
        for (me, process) in state.processes.iter().enumerate() {
            match process.place {
                Place::Outside => chances.extend(self.act(state, me, 0)),
                Place::At(at) => all.extend(self.act(state, me, at)),
                Place::Sent(at) => all.extend(self.learn(state, me, at)),
                Place::Ended(_) => {}
            }
        }
        all.extend(chances.into_iter().map(|(step, next)| (Step { kind: Kind::Chance, ..step }, next)));
        all
    }

    fn wrong(&self, state: &State) -> Option<String> {
        let gone = state.referenced != Row::There;
        // Before that a removal may still be on its way to the referring rows.
        if gone && state.visible() != 0 && self.at_rest(state) {
            return Some("a row refers to one that is gone".to_owned());
        }
        for (me, process) in state.processes.iter().enumerate() {
            let Place::Ended(answer) = process.place else { continue };
            let effect = state.has_effect(me);
            let is_true = match answer {
                Answer::Done if self.roles[me].deeds.contains(&Remove) => state.referenced == Row::RemovedBy(me),
                Answer::Done => state.referring[me] != Row::Absent,
                Answer::Missing => gone && !effect,
                Answer::Refused => state.referring.iter().any(|row| *row != Row::Absent) && !effect,
                Answer::Failed => !effect,
                Answer::Pending => effect,
                Answer::Unknown | Answer::None => true,
            };
            if !is_true {
                return Some(format!("{} {} was told {answer:?}", self.roles[me].name, me + 1));
            }
        }
        None
    }

    fn at_rest(&self, state: &State) -> bool {
        let rests = |process: &Process| matches!(process.place, Place::Outside | Place::Ended(_));
        // With the transactions the locks are gone.
        state.open.is_empty() && state.processes.iter().all(rests)
    }
}
