//! The checker is checked: it must find each server that breaks one promise, for breaking that
//! promise, and must pass the same program when it breaks none. `broken/` has a patch for each
//! variant; `scripts/broken-server` builds the program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use super::cluster::{Setting, scratch};
use super::history::Promise;
use super::nemesis::FaultSet;
use super::postgres::Postgres;
use super::run::{Report, Scenario, run};
use super::{number, tell};

/// How many seeds a variant may need.
const TRIES: u64 = 12;

struct Variant {
    name: &'static str,
    /// The broken promises that give it away.
    found_by: &'static [Promise],
    faults: FaultSet,
}

const VARIANTS: &[Variant] = &[
    Variant { name: "owner-check-left-out", found_by: &[Promise::NothingForeign], faults: FaultSet::Connections },
    Variant {
        name: "resume-off-by-one",
        found_by: &[Promise::NoGap, Promise::ResetsHaveReasons],
        faults: FaultSet::Connections,
    },
    Variant { name: "hello-too-early", found_by: &[Promise::NoGap], faults: FaultSet::Connections },
    Variant { name: "hint-as-truth", found_by: &[Promise::NoGap, Promise::InOrder], faults: FaultSet::Connections },
    Variant {
        name: "counter-without-lock",
        found_by: &[Promise::NoGap, Promise::LogIsWhole, Promise::ListsAreSnapshots, Promise::ResetsHaveReasons],
        faults: FaultSet::Connections,
    },
    Variant { name: "arrival-order", found_by: &[Promise::NoGap, Promise::InOrder], faults: FaultSet::Connections },
    // What is left on a connection by a write that was cancelled may also fail those after it.
    Variant { name: "write-cancelled", found_by: &[Promise::Arrives, Promise::Answers], faults: FaultSet::Locks },
];

#[test]
fn every_variant_has_a_patch_and_every_patch_a_variant() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/broken");
    let files = fs::read_dir(dir).expect("the patches are there").map(|file| file.expect("a file").file_name());
    let patches: BTreeSet<_> =
        files.filter_map(|name| Some(name.to_str()?.strip_suffix(".patch")?.to_owned())).collect();
    let variants: BTreeSet<_> = VARIANTS.iter().map(|variant| variant.name.to_owned()).collect();
    assert_eq!(patches, variants);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the broken server: make check-the-checker"]
async fn every_broken_server_is_found_out_and_the_whole_one_is_not() {
    let seed = number("TORTURE_SEED").unwrap_or_else(rand::random);
    tell(&format!("TORTURE_SEED={seed}, servers that are broken on purpose"));
    let program = env::var_os("TASKWIRE_BROKEN_SERVER").map(PathBuf::from);
    let program = program.expect("TASKWIRE_BROKEN_SERVER names the program; make check-the-checker sets it");
    let scratch = scratch();
    let postgres = Arc::new(Postgres::start(&scratch.join("data")).await);
    for variant in VARIANTS {
        find_out(variant, seed, &program, &postgres, &scratch).await;
    }
    for faults in [FaultSet::Connections, FaultSet::Locks] {
        let report = run(&scenario(&program, None, faults), seed, &postgres, &scratch).await;
        tell(&format!("nothing broken, {faults:?}: {}", report.summary()));
        assert!(report.violations.is_empty(), "TORTURE_SEED={seed}: {:#?}", report.violations);
    }
}

async fn find_out(variant: &Variant, seed: u64, program: &Path, postgres: &Arc<Postgres>, scratch: &Path) {
    let scenario = scenario(program, Some(variant.name), variant.faults);
    for (tried, seed) in (1..=TRIES).zip(seed..) {
        let Report { violations, took, .. } = run(&scenario, seed, postgres, scratch).await;
        let Some(first) = violations.first() else { continue };
        let expected = violations.iter().find(|violation| variant.found_by.contains(&violation.promise));
        assert!(expected.is_some(), "{} was found out, but by {violations:#?}", variant.name);
        let seconds = took.as_secs_f64();
        tell(&format!(
            "{} found out in {seconds:.1} s, try {tried}: {:?}, {}",
            variant.name, first.promise, first.what
        ));
        return;
    }
    panic!("TORTURE_SEED={seed}: {} was not found out", variant.name);
}

fn scenario(program: &Path, broken: Option<&'static str>, faults: FaultSet) -> Scenario {
    // Where writes hang, the sweep must not make up for what is not announced.
    let (servers, sweep) = if faults == FaultSet::Locks { (1, "1m") } else { (2, "1s") };
    let program = program.to_owned();
    let setting = Setting { program, servers, sweep, request_timeout: "300ms", broken };
    let (lasts, arrives_within) = if faults == FaultSet::Locks { (2, 5) } else { (4, 15) };
    Scenario {
        setting,
        users: 3,
        writers: 3,
        watchers: 2,
        pause: Duration::from_millis(5),
        stays: Duration::from_millis(500),
        faults,
        lasts: Duration::from_secs(lasts),
        arrives_within: Duration::from_secs(arrives_within),
    }
}
