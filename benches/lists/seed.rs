//! Owners with many tasks: five in a hundred are open, half have labels or a due, three in four a
//! project. Nothing is random, so that each run measures the same.

/// The owner whose lists are measured.
pub const OWNER: &str = "owner";
/// The number of the task that is the parent of one task in ten.
const PARENT: &str = "1";

/// Statements, to be run one by one, that insert the owner with `owner` tasks and `others` with
/// `each`. All owners have projects and tasks with the same ids.
pub fn statements(tasks: u32, others: u32, each: u32) -> Vec<String> {
    let (id, project) = (sql_id(0, "t"), sql_id(1, "(h >> 11) % 20"));
    let (parent, before) = (sql_id(0, PARENT), sql_id(0, "t - 2"));
    let owners = format!(
        "INSERT INTO owners (owner_id, last_seq, last_at)
         SELECT CASE WHEN o = 0 THEN '{OWNER}' ELSE 'other ' || o END, CASE WHEN o = 0 THEN {tasks} ELSE {each} END, now()
         FROM generate_series(0, {others}) o"
    );
    let projects = format!(
        "INSERT INTO projects (owner_id, id, name, archived, rank, created_at, updated_at, version)
         SELECT owner_id, {}, 'Project ' || p, false, lpad(to_hex(p), 12, '0') || '80', now(), now(), 1
         FROM owners, generate_series(0, 19) p",
        sql_id(1, "p")
    );
    let tasks = format!(
        "INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date, due_time,
                            due_time_zone, due_at, labels, project_id, parent_id, rank, created_at, updated_at, version,
                            label_keys, search)
         SELECT *, taskwire_label_keys(owner_id, labels), taskwire_searchable(title, description)
         FROM (SELECT owner_id, {id},
                (ARRAY['Buy','Call','Write','Read','Fix','Plan','Review','Book','Pay','Clean'])[1 + h % 10] || ' ' ||
                (ARRAY['milk','mother','report','novel','bicycle','holiday','contract','dentist','invoice','kitchen',
                       'letter','garden','roof'])[1 + (h >> 4) % 13] || ' ' || t,
                CASE WHEN (h >> 8) % 3 = 0 THEN 'What there is to say about number ' || t || ', as long as people write '
                     'who want to remember in a month what it was about: see ' || md5(t::text) END,
                completed, CASE WHEN completed THEN at + (h >> 3) % 100 * interval '1 hour' END,
                CASE WHEN (h >> 5) % 2 = 0 THEN 0 ELSE (h >> 6) % 5 END,
                day, CASE WHEN timed THEN time '09:30' END, CASE WHEN timed THEN 'Europe/Berlin' END,
                (day + CASE WHEN timed THEN time '08:30' ELSE time '00:00' END) AT TIME ZONE 'UTC',
                CASE WHEN (h >> 9) % 2 = 0 THEN '{{}}'::text[]
                     WHEN (h >> 14) % 20 = 0 THEN ARRAY['Label ' || (h >> 10) % 8, 'Rare ' || (h >> 18) % 50]
                     ELSE ARRAY['Label ' || (h >> 10) % 8] END,
                CASE WHEN (h >> 7) % 4 > 0 THEN {project} END,
                CASE WHEN t % 10 = 0 THEN {parent} WHEN t % 10 = 1 AND t > {PARENT} THEN {before} END,
                lpad(to_hex(t), 12, '0') || '80', at, at + h % 50 * interval '1 hour', t::bigint
         FROM (SELECT *, h % 20 > 0 AS completed, (h >> 16) % 3 = 0 AND day IS NOT NULL AS timed
               FROM (SELECT *, CASE WHEN (h >> 13) % 2 = 0 THEN now()::date - 300 + (h >> 15) % 400 END AS day
                     FROM (SELECT owner_id, t, now() - (last_seq - t) * interval '5 minutes' AS at,
                                  abs(hashint8(t * 7 + last_seq)) AS h
                           FROM owners, generate_series(1, last_seq) t) mixed) dated) drawn
               ORDER BY t) AS task (owner_id, id, title, description, completed, completed_at, priority, due_date,
                                    due_time, due_time_zone, due_at, labels, project_id, parent_id, rank, created_at,
                                    updated_at, version)"
    );
    // ANALYZE, as autovacuum would do after a while.
    vec![owners, projects, tasks, "VACUUM ANALYZE".to_owned()]
}

/// The id of a project that each owner has.
pub fn project(number: u32) -> String {
    format!("019ab0c4-2f6e-7000-8001-{number:012}")
}

/// The id of the task that is the parent of one task in ten.
pub fn parent() -> String {
    format!("019ab0c4-2f6e-7000-8000-{PARENT:0>12}")
}

/// An SQL expression for an id that ends in a number.
fn sql_id(kind: u32, number: &str) -> String {
    format!("('019ab0c4-2f6e-7000-800{kind}-' || lpad(({number})::text, 12, '0'))::uuid")
}
