//! The model of a write of several databases: requests of one name, and replayers that finish what was decided.
//!
//! A connection is lost at any point, and who used it notices at the next step in that session. The database undoes the
//! transaction some time later and keeps its locks until then; a commit that was sent may still land. The transactions of
//! who dies or gives up end likewise. The journal's lease may be over at any moment.

use std::cmp::Ordering;

use super::checker::{Kind, Model, Step};
use super::parts::{ATTEMPTS, DECIDER, Databases, Known, NAMES, Outcome, SOURCES, Transaction, Work};
use super::replayers::Replayer;

/// A rule that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Replay looks for a part's marker, and where it finds none does the part, whatever the marker says by then.
    LookFirst,
    /// The markers are removed with the journal's row.
    ForgetWithJournal,
    /// The markers are removed while somebody may still hold the plan.
    ForgetEarly,
    /// Other parts are committed before the decider's.
    DecideLast,
    /// The deciding commit, when it is not answered, is taken for undone where its marker is not found.
    SelectMarker,
    /// The same, where the journal's row is not found any more.
    SelectJournal,
    /// A request waits for a marker without end.
    WaitForEver,
    /// A request marks the sources alone in which it finds something to do.
    MarkChanged,
}

/// Who takes part, and how many sessions and processes are lost at most.
#[derive(Clone, Copy, Debug)]
pub struct Decisions {
    /// How many sources are written to.
    pub sources: usize,
    /// How many requests there are.
    pub requests: usize,
    /// The requests have one name. Then one that was aborted is tried again, as the next attempt.
    pub named: bool,
    /// The second request finds nothing to do in the decider.
    pub finds_less: bool,
    /// Markers are added in the decider last, and not first.
    pub marks_last: bool,
    /// How many replayers there are.
    pub replayers: usize,
    /// Losses at most.
    pub losses: u8,
    /// The rule that is broken, if any.
    pub broken: Option<Broken>,
}

/// What the client of a request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// All parts are committed.
    Committed,
    /// It is decided, and parts are left to be done.
    Pending,
    /// Nothing was done by it, and nothing will be.
    Error,
    /// Nothing, for the process died.
    None,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Its client has not sent it yet.
    Outside,
    /// It is about to ask what is known of its name.
    Asking,
    /// It is about to mark this source and to write there; they are counted in the order of markers.
    Marking(usize),
    /// It is about to commit this part; they are counted in the order of commits.
    Committing(usize),
    /// It waits for the answer to that.
    Sent(usize),
    /// It is about to find out how the deciding commit ended.
    Resolving,
    /// It waits for the commit of a marker that says: aborted.
    Aborting,
    /// It failed, and is about to ask what is known of its name.
    Failed,
    /// All parts are committed, and the journal's row is to be removed.
    Clearing,
    /// It has answered.
    Ended(Answer),
}

/// A request, and which attempt it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Request {
    phase: Phase,
    attempt: usize,
}

/// The databases, and all who use them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The databases.
    pub databases: Databases,
    requests: Vec<Request>,
    /// The replayers.
    pub replayers: Vec<Replayer>,
    /// Old markers were removed.
    pub forgotten: bool,
    losses: u8,
}

impl State {
    /// Whether this is what the client of a request is told.
    pub fn is_told(&self, me: usize, answer: Answer) -> bool {
        self.requests[me].phase == Phase::Ended(answer)
    }

    /// A request ends, and gives up the transactions that it still has.
    fn end(&mut self, me: usize, answer: Answer) {
        self.requests[me].phase = Phase::Ended(answer);
        self.databases.let_go(me);
    }
}

impl Decisions {
    /// Somebody changes the state: a request, or a replayer, which are counted after them.
    pub fn step(&self, state: &State, me: usize, what: &'static str, change: impl FnOnce(&mut State)) -> (Step, State) {
        let mut next = state.clone();
        change(&mut next);
        let (who, number) = match me.checked_sub(self.requests) {
            None => ("request", me + 1),
            Some(at) => ("replayer", at + 1),
        };
        (Step { who, number, what, to: "", kind: Kind::Sure }, next)
    }

    /// The same, in a source.
    pub fn step_in(
        &self,
        state: &State,
        me: usize,
        (what, source): (&'static str, usize),
        change: impl FnOnce(&mut State),
    ) -> (Step, State) {
        let (step, next) = self.step(state, me, what, change);
        (Step { to: NAMES[source], ..step }, next)
    }

    /// Whether a request finds something to do in a source.
    fn changes(&self, me: usize, source: usize) -> bool {
        !(self.finds_less && me == 1 && source == DECIDER)
    }

    /// The sources of a request, in the order of commits.
    fn order(&self, me: usize) -> Vec<usize> {
        let all = 0..self.sources;
        match self.broken {
            Some(Broken::DecideLast) => all.rev().collect(),
            Some(Broken::MarkChanged) => all.filter(|source| self.changes(me, *source)).collect(),
            _ => all.collect(),
        }
    }

    /// The place of the part that decides in that order.
    fn deciding(order: &[usize]) -> usize {
        order.iter().position(|source| *source == DECIDER).unwrap_or(0)
    }

    /// A request fails that is not decided.
    fn fail(&self, state: &mut State, me: usize) {
        state.databases.let_go(me);
        state.requests[me].phase = if self.named { Phase::Failed } else { Phase::Ended(Answer::Error) };
    }

    /// A part is committed: the next one follows.
    fn go_on(&self, state: &mut State, me: usize, behind: usize) {
        let parts = self.order(me).len();
        match behind + 1 < parts {
            true => state.requests[me].phase = Phase::Committing(behind + 1),
            false if parts > 1 => state.requests[me].phase = Phase::Clearing,
            false => state.end(me, Answer::Committed),
        }
    }

    /// The journal's row is removed.
    pub fn clear(&self, state: &mut State, attempt: usize) {
        state.databases.journal[attempt] = false;
        if self.broken == Some(Broken::ForgetWithJournal) {
            state.databases.markers[attempt] = Default::default();
        }
    }

    /// The next step of a request; none while it waits.
    fn act(&self, state: &State, me: usize) -> Option<(Step, State)> {
        let Request { phase, attempt } = state.requests[me];
        match phase {
            Phase::Outside | Phase::Asking if self.named => Some(self.ask(state, me, Phase::Marking(0))),
            Phase::Outside | Phase::Asking => self.mark(state, me, 0),
            Phase::Marking(at) => self.mark(state, me, at),
            Phase::Committing(at) => Some(self.commit(state, me, at)),
            Phase::Sent(at) => Some(self.learn(state, me, at)),
            Phase::Resolving => self.resolve(state, me),
            Phase::Aborting => Some(self.aborted(state, me)),
            Phase::Failed => Some(self.ask(state, me, Phase::Ended(Answer::Error))),
            Phase::Clearing => Some(self.step(state, me, "removes the journal's row", |next| {
                self.clear(next, attempt);
                next.end(me, Answer::Committed);
            })),
            Phase::Ended(_) => None,
        }
    }

    /// A request asks what is known of its name; where that is nothing, it goes on there.
    fn ask(&self, state: &State, me: usize, unknown: Phase) -> (Step, State) {
        let attempt = state.requests[me].attempt;
        match state.databases.known(attempt) {
            Known::Decided { pending } => self.step(state, me, "finds that it is decided", |next| {
                next.end(me, if pending { Answer::Pending } else { Answer::Committed });
            }),
            Known::Aborted if attempt + 1 < ATTEMPTS => {
                self.step(state, me, "finds that it is aborted, and tries again", |next| {
                    next.requests[me] = Request { phase: Phase::Asking, attempt: attempt + 1 };
                })
            }
            Known::Aborted => self.step(state, me, "finds that it is aborted", |next| next.end(me, Answer::Error)),
            Known::Nothing => {
                self.step(state, me, "finds nothing known of it", |next| next.requests[me].phase = unknown)
            }
        }
    }

    /// A request adds a marker, and does what is to be done in its source.
    fn mark(&self, state: &State, me: usize, at: usize) -> Option<(Step, State)> {
        let attempt = state.requests[me].attempt;
        let order = self.order(me);
        let decider = order[Self::deciding(&order)];
        let mut marked = order.clone();
        marked.sort_unstable_by_key(|source| if self.marks_last { SOURCES - source } else { *source });
        let source = marked[at];
        let failed = |what| Some(self.step_in(state, me, (what, source), |next| self.fail(next, me)));
        if state.databases.markers[attempt][source].is_some() {
            return failed("finds its marker taken in");
        }
        if state.databases.is_held(attempt, source) {
            let patient = self.broken == Some(Broken::WaitForEver);
            return if patient { None } else { failed("has waited too long for its marker in") };
        }
        let changes = self.changes(me, source);
        let parts = order.iter().map(|part| 1 << part).sum();
        let work = if source == decider { Work::Decide { changes, by: me, parts } } else { Work::Apply { changes } };
        Some(self.step_in(state, me, ("marks and writes in", source), |next| {
            next.databases.begin(Transaction { source, attempt, owner: Some(me), sent: false, marks: true, work });
            let more = at + 1 < marked.len();
            next.requests[me].phase = if more { Phase::Marking(at + 1) } else { Phase::Committing(0) };
        }))
    }

    /// A request sends a commit.
    fn commit(&self, state: &State, me: usize, at: usize) -> (Step, State) {
        let order = self.order(me);
        let source = order[at];
        match state.databases.session(me, source) {
            Some(session) => self.step_in(state, me, ("sends its commit to", source), |next| {
                next.databases.send(session);
                next.requests[me].phase = Phase::Sent(at);
            }),
            None => self.step_in(state, me, ("notices that it has lost", source), |next| {
                if at > Self::deciding(&order) { next.end(me, Answer::Pending) } else { self.fail(next, me) }
            }),
        }
    }

    /// A request learns how its commit ended.
    fn learn(&self, state: &State, me: usize, at: usize) -> (Step, State) {
        let order = self.order(me);
        let (source, deciding) = (order[at], Self::deciding(&order));
        match state.databases.session(me, source) {
            Some(session) => self.step_in(state, me, ("gets its commit answered by", source), |next| {
                next.databases.land(session);
                self.go_on(next, me, at);
            }),
            None => {
                self.step_in(state, me, ("gets no answer to its commit from", source), |next| match at.cmp(&deciding) {
                    Ordering::Less => self.fail(next, me),
                    Ordering::Equal => next.requests[me].phase = Phase::Resolving,
                    Ordering::Greater => next.end(me, Answer::Pending),
                })
            }
        }
    }

    /// A request finds out whether it is decided: it adds the decider's marker, which says that it is not. Nothing that
    /// others see lies between that and its commit.
    fn resolve(&self, state: &State, me: usize) -> Option<(Step, State)> {
        let attempt = state.requests[me].attempt;
        let order = self.order(me);
        let deciding = Self::deciding(&order);
        let source = order[deciding];
        let held = state.databases.is_held(attempt, source);
        let decided = |what| Some(self.step_in(state, me, (what, source), |next| self.go_on(next, me, deciding)));
        let undone = |what| Some(self.step_in(state, me, (what, source), |next| self.fail(next, me)));
        match (state.databases.markers[attempt][source], self.broken) {
            (_, Some(Broken::SelectJournal)) if held => None,
            (_, Some(Broken::SelectJournal)) if state.databases.journal[attempt] => {
                decided("finds its row in the journal of")
            }
            (_, Some(Broken::SelectJournal)) => undone("finds no row in the journal of"),
            (Some(Outcome::Applied), _) => decided("finds its marker in"),
            (Some(Outcome::Aborted), _) => undone("finds that it is aborted in"),
            (None, Some(Broken::SelectMarker)) => undone("finds no marker in"),
            (None, _) if held => None,
            (None, _) => Some(self.step_in(state, me, ("marks that it is aborted in", source), |next| {
                let (owner, work) = (Some(me), Work::Abort);
                next.databases.begin(Transaction { source, attempt, owner, sent: true, marks: true, work });
                next.requests[me].phase = Phase::Aborting;
            })),
        }
    }

    /// A request learns whether its marker stands that says: aborted.
    fn aborted(&self, state: &State, me: usize) -> (Step, State) {
        let order = self.order(me);
        match state.databases.session(me, order[Self::deciding(&order)]) {
            Some(session) => self.step(state, me, "is aborted", |next| {
                next.databases.land(session);
                self.fail(next, me);
            }),
            None => self.step(state, me, "gets no answer to that", |next| next.requests[me].phase = Phase::Resolving),
        }
    }

    /// What becomes of transactions whose connections are lost.
    fn late(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = Vec::new();
        let mut push = |what, source, change: &dyn Fn(&mut State)| {
            let mut next = state.clone();
            change(&mut next);
            all.push((Step { who: "database", number: source + 1, what, to: "", kind: Kind::Sure }, next));
        };
        for (at, one) in state.databases.open.iter().enumerate().filter(|(_, one)| one.owner.is_none()) {
            push("undoes a lost transaction", one.source, &|next| {
                next.databases.open.remove(at);
            });
            if one.sent {
                push("commits a lost transaction", one.source, &|next| next.databases.land(at));
            }
        }
        all
    }

    /// What can be lost.
    fn losses(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = Vec::new();
        for (at, one) in state.databases.open.iter().enumerate() {
            if let Some(owner) = one.owner {
                let what = ("loses its session with", one.source);
                all.push(self.step_in(state, owner, what, |next| next.databases.cut(at)));
            }
        }
        for (me, request) in state.requests.iter().enumerate() {
            if !matches!(request.phase, Phase::Outside | Phase::Ended(_)) {
                all.push(self.step(state, me, "dies", |next| next.end(me, Answer::None)));
            }
        }
        for at in (0..self.replayers).filter(|at| state.replayers[*at] != Replayer::Idle) {
            let me = self.requests + at;
            all.push(self.step(state, me, "dies, and starts again", |next| {
                next.databases.let_go(me);
                next.replayers[at] = Replayer::Idle;
            }));
        }
        all.iter_mut().for_each(|(_, next)| next.losses += 1);
        all
    }

    /// Somebody removes old markers.
    fn forget(&self, state: &State) -> Option<(Step, State)> {
        let marked = state.databases.markers.iter().flatten().any(Option::is_some);
        let old = match self.broken {
            Some(Broken::ForgetEarly) => state.databases.journal == [false; ATTEMPTS],
            _ => self.at_rest(state),
        };
        (marked && old).then(|| {
            let mut next = state.clone();
            next.databases.markers = Default::default();
            next.forgotten = true;
            (Step { who: "cleaner", number: 1, what: "removes old markers", to: "", kind: Kind::Chance }, next)
        })
    }
}

impl Model for Decisions {
    type State = State;

    fn start(&self) -> State {
        State {
            databases: Databases::new(),
            requests: vec![Request { phase: Phase::Outside, attempt: 0 }; self.requests],
            replayers: vec![Replayer::Idle; self.replayers],
            forgotten: false,
            losses: 0,
        }
    }

    fn next(&self, state: &State) -> Vec<(Step, State)> {
        let mut all = self.late(state);
        let mut chances = if state.losses < self.losses { self.losses(state) } else { Vec::new() };
        chances.extend(self.forget(state));
        for (me, request) in state.requests.iter().enumerate() {
            match request.phase {
                // A name is known as long as its markers are.
                Phase::Outside if state.forgotten => {}
                Phase::Outside => chances.extend(self.act(state, me)),
                _ => all.extend(self.act(state, me)),
            }
        }
        (0..self.replayers).for_each(|at| all.extend(self.replay(state, at)));
        all.extend(chances.into_iter().map(|(step, next)| (Step { kind: Kind::Chance, ..step }, next)));
        all
    }

    fn wrong(&self, state: &State) -> Option<String> {
        let databases = &state.databases;
        if databases.applied.iter().any(|times| *times > 1) {
            return Some("a part was done twice".to_owned());
        }
        for (me, request) in state.requests.iter().enumerate() {
            let Phase::Ended(answer) = request.phase else { continue };
            let is_true = match answer {
                Answer::Committed => (0..ATTEMPTS).any(|attempt| databases.is_whole(attempt)),
                Answer::Pending => databases.decided.iter().any(Option::is_some),
                Answer::Error => databases.decided.iter().flatten().all(|decision| decision.by != me),
                Answer::None => true,
            };
            if !is_true {
                return Some(format!("request {} was told {answer:?}", me + 1));
            }
        }
        let parted = (0..ATTEMPTS).any(|attempt| databases.is_parted(attempt));
        (parted && self.at_rest(state)).then(|| "a part was done, and another one never will be".to_owned())
    }

    fn at_rest(&self, state: &State) -> bool {
        let rests = |request: &Request| matches!(request.phase, Phase::Outside | Phase::Ended(_));
        state.databases.open.is_empty()
            && state.databases.journal == [false; ATTEMPTS]
            && state.requests.iter().all(rests)
            && state.replayers.iter().all(|replayer| *replayer == Replayer::Idle)
    }
}
