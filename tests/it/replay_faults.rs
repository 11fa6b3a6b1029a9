//! Who finishes a decided write for others meets a fault at each of its statements: the write is whole in the end all the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::faults::{KINDS, Kind, Scene};
use crate::operation::Process;
use crate::support::fault::{Choice, Fault, counted, end_sessions};
use crate::writes::pairs;

impl Scene {
    /// Does a write whose last commit fails after it was decided; gives its parent.
    async fn unfinished(&mut self, kind: Kind, statements: usize) -> u64 {
        let parent = self.fresh();
        let last = format!("{}*off->1*return(timeout)->off", statements - 1);
        fail::cfg("statement", &last).expect("a point");
        let reply = self.proxy.send(&kind.line(parent), &[], &kind.body(parent)).await;
        fail::remove("statement");
        assert_eq!(reply.status, 202, "{} {kind:?}: {}", self.label, reply.text);
        parent
    }

    /// Finishes what is left, and meets a fault at the statement of this number, counted from 0.
    async fn finishes_with(&self, fault: Fault, number: usize) {
        let once = |word: &str| format!("{number}*off->1*return{word}->off");
        match fault {
            Fault::Dies => {
                let points = format!("lease=return;statement={}", once(""));
                let mut process = Process::serve_with(&self.file(), &[("FAILPOINTS", &points)]);
                assert!(!process.wait().success(), "{} {number}", self.label);
                return;
            }
            Fault::Fails(error) => fail::cfg("statement", &once(&format!("({error})"))).expect("a point"),
            Fault::Loses(victim) => {
                let (url, runtime) = (self.urls[victim].clone(), tokio::runtime::Handle::current());
                let count = AtomicUsize::new(0);
                let lose = move || {
                    if count.fetch_add(1, Ordering::Relaxed) == number {
                        tokio::task::block_in_place(|| runtime.block_on(end_sessions(&url)));
                    }
                };
                fail::cfg_callback("statement", lose).expect("a point");
            }
        }
        self.proxy.engine.look_at_journals(false).await;
        fail::remove("statement");
    }
}

/// Each statement and each commit of who finishes a write of each kind, over each pair of engines; `make soak` tries each kind of
/// fault there, and `make test` one of them, chosen by a seed (`CROSSKEY_SEED`).
#[tokio::test(flavor = "multi_thread")]
async fn who_finishes_a_write_may_fail_at_any_statement() {
    let mut choice = Choice::new();
    for (up, down) in pairs() {
        let faults = Fault::over(up, down);
        for kind in KINDS {
            let mut scene = Scene::of(up, down).await;
            let statements = scene.statements_of(kind).await;
            // What is done is removed first.
            scene.proxy.engine.look_at_journals(false).await;
            let parent = scene.unfinished(kind, statements).await;
            let ((), sent) = counted(scene.proxy.engine.look_at_journals(false)).await;
            assert!(scene.is_whole(kind, parent, "finished").await, "{} {kind:?}", scene.label);
            assert!(sent > 4, "{} {kind:?}: {sent}", scene.label);
            for number in 0..sent {
                if choice.all {
                    scene = Scene::of(up, down).await;
                }
                for fault in choice.of(&faults) {
                    let what = format!("{kind:?} {fault:?} {number}");
                    let parent = scene.unfinished(kind, statements).await;
                    scene.finishes_with(fault, number).await;
                    scene.finish(&what).await;
                    assert!(scene.is_whole(kind, parent, &what).await, "{} {what}", scene.label);
                }
            }
        }
    }
}
