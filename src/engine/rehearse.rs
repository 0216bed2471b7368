//! `workshop sandbox rehearse`: a class of simulated accounts whose learners stand at different places, some with a mistake.
//!
//! The workshop is solved once in a world of its own. Every learner's account is a copy of that world before some step, in
//! the caller's world, under an id that Organizations gave out; so fleet and reset can be tried before the day.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::content_test::solve::{self, How, Snapshot};
use super::content_test::wrong;
use super::session::Session;
use crate::content::model::{Deed, Module, StepKind};
use crate::domain::GLOBAL_REGION;
use crate::progress::word_from_seed;
use crate::reset::{Seat, manifest};
use crate::sandbox::world::LEARNER_ACCOUNT;
use crate::sandbox::{AwsError, Call, Template, World, chance};

/// The role by which the class is entered. Source: AWS Organizations User Guide: the management account may assume it in
/// every account that it made.
const ROLE: &str = "OrganizationAccountAccessRole";
/// How many learners of those who stand where a mistake can be made have made it.
const MISTAKEN: f64 = 0.5;
/// How long ago a learner did something, at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(45);
/// Organizations makes accounts in minutes; after this long something is wrong.
const PATIENCE: u32 = 240;

/// Why there is no class.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// A number that means nothing.
    #[error("a class has 1 to 500 learners, and --learners is {0}")]
    Learners(usize),
    /// The workshop could not be solved.
    #[error("the class could not be built, because the workshop was not solved: {0}")]
    Unsolved(String),
    /// The simulated AWS refused.
    #[error("{what} of the class was refused: {error}; give another --state, or another --seed for a second class")]
    Aws {
        /// What was asked.
        what: String,
        /// The answer.
        error: AwsError,
    },
    /// An answer without what it should have.
    #[error("{0} did not answer as AWS does")]
    Answer(&'static str),
    /// A world that cannot be copied.
    #[error("an account could not be copied: {0}")]
    Copy(#[from] serde_json::Error),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many learners.
    pub learners: usize,
    /// Decides where they stand and what they did wrong.
    pub seed: u64,
    /// The last module in which learners stand; none for the last one before the clean-up.
    pub last: Option<String>,
}

/// One learner: where he stands, and what he did wrong. It is what fleet should find.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learner {
    /// The line of the roster.
    pub seat: Seat,
    /// The module in which he stands.
    pub module: String,
    /// The step that he has not done yet.
    pub step: String,
    /// What he did wrong.
    pub mistake: Option<&'static str>,
    /// For how long nothing was done in the account, in simulated seconds.
    pub idle_seconds: u64,
}

/// Something that learners do wrong.
struct Mistake {
    what: &'static str,
    /// The step before which it is made.
    before: &'static str,
    deeds: fn() -> Vec<Deed>,
}

fn command(text: &str) -> Deed {
    Deed::Command(text.to_owned())
}

/// The same deeds that the tests beside the pages do.
const MISTAKES: &[Mistake] = &[
    Mistake {
        what: "the network's stack rolled back",
        before: "m1.network",
        deeds: || {
            let parameters = json!({ "action": "ec2:CreateSubnet" });
            vec![
                Deed::Fault {
                    kind: "denied-actions".to_owned(),
                    region: "{{ region.primary }}".to_owned(),
                    parameters,
                },
                Deed::Attempt("m1.network#deploy".to_owned()),
            ]
        },
    },
    Mistake {
        what: "the blog's service runs no task",
        before: "m1.shop",
        deeds: || {
            vec![command(
                "aws ecs update-service --cluster {{ names.ecs_cluster }} --service {{ names.blog_service }} \
                 --desired-count 0 --region {{ region.primary }}",
            )]
        },
    },
    Mistake {
        what: "the replica is in the primary Region",
        before: "m2.aurora-replica",
        deeds: || {
            vec![command(
                "aws rds create-db-cluster --db-cluster-identifier {{ names.replica_cluster }} --engine aurora-mysql \
                 --replication-source-identifier {{ out.m1.aurora_arn }} --region {{ region.primary }}",
            )]
        },
    },
    Mistake {
        what: "the site's second bucket has no versioning",
        before: "m2.replication",
        deeds: || {
            vec![command(
                "aws s3api put-bucket-versioning --bucket {{ names.site_secondary }} \
                 --versioning-configuration Status=Suspended --region {{ region.secondary }}",
            )]
        },
    },
];

/// The world before each step of the modules in which learners can stand, in order.
struct Course {
    session: Arc<Session>,
    places: Vec<(String, String, Snapshot)>,
}

impl Course {
    /// Solves the workshop once, in a world of its own.
    async fn solve(session: &Session, options: &Options) -> Result<Self, RehearseError> {
        let session = Arc::new(session.in_copy(World::new(options.seed)));
        let cleans = |module: &&Module| module.steps.iter().any(|step| step.kind == StepKind::CleanUp);
        let modules: Vec<Module> =
            session.guide.workshop().modules.iter().filter(|module| !cleans(module)).cloned().collect();
        let how = How { again: false, glance: None, drills: false };
        let mut places = Vec::new();
        let _awake = session.clock.participate();
        for module in modules {
            let place = |id: &str, session: &Session| (module.id.clone(), id.to_owned(), Snapshot::of(session));
            places.extend(module.steps.first().map(|first| place(&first.id, &session)));
            let asked = Arc::clone(&session);
            let mut after = |step: &crate::content::model::Step, _| {
                let next = module.steps.iter().skip_while(|other| other.id != step.id).nth(1);
                places.extend(next.map(|next| place(&next.id, &asked)));
            };
            solve::module(&session, &module, how, &mut after).await.map_err(RehearseError::Unsolved)?;
            if options.last.as_ref() == Some(&module.id) {
                break;
            }
        }
        Ok(Self { session, places })
    }

    fn words(&self) -> Vec<String> {
        vec![self.session.suffix().to_owned()]
    }

    /// The learner's account at that place, perhaps after a mistake.
    async fn account(&self, place: &Snapshot, mistake: Option<&Mistake>) -> Result<Option<Template>, RehearseError> {
        let Some(mistake) = mistake else {
            return Ok(Template::of(place.world(), LEARNER_ACCOUNT, &self.words())?);
        };
        let session = place.fork(&self.session);
        let _awake = session.clock.participate();
        for deed in (mistake.deeds)() {
            let done = wrong::act(&session, &deed).await;
            done.map_err(|why| RehearseError::Unsolved(format!("{}: {why}", mistake.what)))?;
        }
        Ok(Template::of(Snapshot::of(&session).world(), LEARNER_ACCOUNT, &self.words())?)
    }
}

/// Puts a class into a copy of `world`, and gives that world with the learners. The account of the world's owner becomes
/// the management account of their organization.
pub async fn rehearse(
    session: &Session,
    mut world: World,
    options: &Options,
) -> Result<(World, Vec<Learner>), RehearseError> {
    if !(1..=500).contains(&options.learners) {
        return Err(RehearseError::Learners(options.learners));
    }
    let course = Course::solve(session, options).await?;
    let mut modules: Vec<&String> = course.places.iter().map(|(module, ..)| module).collect();
    modules.dedup();
    let accounts = organization(&mut world, options)?;
    let mut made: BTreeMap<(usize, Option<&'static str>), Option<Template>> = BTreeMap::new();
    let mut learners = Vec::new();
    for (index, account) in accounts.into_iter().enumerate() {
        let seat = seat_name(index);
        let draw = |purpose: &str| chance::unit(options.seed, purpose, &seat, 0);
        let pick = |purpose: &str, count: usize| ((draw(purpose) * count as f64) as usize).min(count.saturating_sub(1));
        let module = modules.get(pick("module", modules.len())).map_or("", |module| module.as_str());
        let steps: Vec<usize> = (0..course.places.len())
            .filter(|place| course.places.get(*place).is_some_and(|(of, ..)| of == module))
            .collect();
        let wrong: Vec<&Mistake> =
            MISTAKES.iter().filter(|mistake| mistake.before.split('.').next() == Some(module)).collect();
        let mistake = wrong.get(pick("which", wrong.len())).filter(|_| draw("mistaken") < MISTAKEN).copied();
        let at = mistake.and_then(|mistake| course.places.iter().position(|(_, step, _)| step == mistake.before));
        let mistake = mistake.filter(|_| at.is_some());
        let Some(place) = at.or_else(|| steps.get(pick("step", steps.len())).copied()) else { continue };
        let Some((module, step, snapshot)) = course.places.get(place) else { continue };
        let key = (place, mistake.map(|mistake| mistake.what));
        let template = match made.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(course.account(snapshot, mistake).await?),
        };
        let suffix = word_from_seed(options.seed, &format!("class {seat}"), course.session.suffix().len());
        let idle = LONGEST_PAUSE.mul_f64(draw("pause"));
        if let Some(template) = template {
            let moment = world.now.minus(idle);
            template.place(&mut world, &account, std::slice::from_ref(&suffix), moment)?;
            note(session, &mut world, [(course.session.suffix(), &suffix), (LEARNER_ACCOUNT, &account)]);
        }
        role(&mut world, &account)?;
        let seat = Seat {
            seat,
            name: format!("Learner {}", index + 1),
            role: format!("arn:aws:iam::{account}:role/{ROLE}"),
            account,
            primary: session.guide.regions().primary().to_string(),
            secondary: session.guide.regions().secondary().to_string(),
            suffix,
            ..Seat::default()
        };
        learners.push(Learner {
            seat,
            module: module.clone(),
            step: step.clone(),
            mistake: mistake.map(|mistake| mistake.what),
            idle_seconds: idle.as_secs(),
        });
    }
    // What was due in the meantime happens now.
    world.advance(world.now);
    Ok((world, learners))
}

/// Lets the manifest of a copied run speak of the copy. Objects are copied as they are.
fn note(session: &Session, world: &mut World, words: [(&str, &str); 2]) {
    let run = session.run_with(words[0].1, session.guide.regions()).ok();
    let bucket = run.and_then(|run| run.manifest).and_then(|name| world.buckets.get_mut(&name));
    for version in bucket.and_then(|bucket| bucket.objects.get_mut(manifest::KEY)).into_iter().flatten() {
        let mut text = String::from_utf8_lossy(&version.body.0).into_owned();
        for (old, new) in words {
            text = text.replace(old, new);
        }
        version.etag = crate::domain::md5::hex(text.as_bytes());
        version.checksums.clear();
        version.body.0 = text.into_bytes().into();
    }
}

fn seat_name(index: usize) -> String {
    format!("seat-{:03}", index + 1)
}

fn ask(world: &mut World, account: &str, service: &str, api: &str, input: &Value) -> Result<Value, RehearseError> {
    let answer = Call::new(world, account, GLOBAL_REGION).invoke(service, api, input);
    answer.map_err(|error| RehearseError::Aws { what: format!("{service} {api}"), error })
}

/// Makes the accounts in an organizational unit of their own, and gives their ids in the order of the seats.
fn organization(world: &mut World, options: &Options) -> Result<Vec<String>, RehearseError> {
    let own = LEARNER_ACCOUNT;
    if let Err(RehearseError::Aws { error, what }) = ask(world, own, "organizations", "CreateOrganization", &json!({}))
        && error.code != "AlreadyInOrganizationException"
    {
        return Err(RehearseError::Aws { what, error });
    }
    let roots = ask(world, own, "organizations", "ListRoots", &json!({}))?;
    let root = roots.pointer("/Roots/0/Id").cloned().ok_or(RehearseError::Answer("organizations ListRoots"))?;
    let unit = json!({ "ParentId": root, "Name": format!("class-{}", options.seed) });
    let unit = ask(world, own, "organizations", "CreateOrganizationalUnit", &unit)?;
    let unit = unit.pointer("/OrganizationalUnit/Id").cloned().unwrap_or_default();
    let mut requests = Vec::new();
    for index in 0..options.learners {
        let email = format!("{}+{}@class.example.com", seat_name(index), options.seed);
        let asked = json!({ "AccountName": format!("Learner {}", index + 1), "Email": email });
        let status = ask(world, own, "organizations", "CreateAccount", &asked)?;
        requests.push(status.pointer("/CreateAccountStatus/Id").cloned().unwrap_or_default());
    }
    let mut accounts = Vec::new();
    for request in requests {
        let asked = json!({ "CreateAccountRequestId": request });
        let mut waited = 0;
        let account = loop {
            let status = ask(world, own, "organizations", "DescribeCreateAccountStatus", &asked)?;
            if let Some(account) = status.pointer("/CreateAccountStatus/AccountId").and_then(Value::as_str) {
                break account.to_owned();
            }
            waited += 1;
            if waited > PATIENCE {
                return Err(RehearseError::Answer("organizations DescribeCreateAccountStatus"));
            }
            world.advance(world.now.plus(Duration::from_secs(15)));
        };
        let moved = json!({ "AccountId": account, "SourceParentId": root, "DestinationParentId": unit });
        ask(world, own, "organizations", "MoveAccount", &moved)?;
        accounts.push(account);
    }
    Ok(accounts)
}

/// Lets the management account enter a learner's account, as Organizations does with the accounts that it makes. The copy
/// took the place of what was there.
fn role(world: &mut World, account: &str) -> Result<(), RehearseError> {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{LEARNER_ACCOUNT}:root") }, "Action": "sts:AssumeRole",
    }]});
    let made = json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust.to_string() });
    match ask(world, account, "iam", "CreateRole", &made) {
        // A learner who has made nothing has the account as it was made.
        Err(RehearseError::Aws { error, .. }) if error.code.starts_with("EntityAlreadyExists") => return Ok(()),
        other => other?,
    };
    let policy = json!({ "RoleName": ROLE, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" });
    ask(world, account, "iam", "AttachRolePolicy", &policy).map(drop)
}

/// The roster of a class, as a CSV file.
pub fn roster(learners: &[Learner]) -> String {
    let mut text = "seat,name,account,role,primary,secondary,suffix\n".to_owned();
    for Learner { seat, .. } in learners {
        let row = [&seat.seat, &seat.name, &seat.account, &seat.role, &seat.primary, &seat.secondary, &seat.suffix];
        text.push_str(&row.map(String::as_str).join(","));
        text.push('\n');
    }
    text
}
