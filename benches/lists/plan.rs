//! The plans that Postgres really used: `auto_explain` sends each plan to the client after the
//! values were bound, for custom and generic plans.

use serde_json::Value;

/// The URL parameter that makes connections report their plans.
pub const TELL: &str = "&options[session_preload_libraries]=auto_explain&options[auto_explain.log_min_duration]=0\
                        &options[auto_explain.log_analyze]=on&options[auto_explain.log_buffers]=on\
                        &options[auto_explain.log_format]=json&options[auto_explain.log_level]=notice";

/// How a plan finds the tasks.
#[derive(Debug, Default)]
pub struct Plan {
    /// The indexes, in the order of the plan.
    pub indexes: Vec<String>,
    /// Index scans whose condition does not begin with the owner.
    pub astray: Vec<String>,
}

impl Plan {
    /// Reads a message of `auto_explain` about a statement on tasks.
    pub fn read(message: &str) -> Option<Self> {
        let (_, json) = message.split_once("plan:\n")?;
        let told: Value = serde_json::from_str(json).ok()?;
        told["Query Text"].as_str().filter(|text| text.contains("FROM tasks"))?;
        let mut plan = Self::default();
        plan.walk(&told["Plan"]);
        Some(plan)
    }

    fn walk(&mut self, node: &Value) {
        let kind = node["Node Type"].as_str().unwrap_or_default();
        let condition = node["Index Cond"].as_str().unwrap_or_default();
        if let Some(index) = node["Index Name"].as_str().filter(|index| index.starts_with("tasks_")) {
            if !self.indexes.iter().any(|known| known == index) {
                self.indexes.push(index.to_owned());
            }
            if !condition.contains("owner_id = ") && !condition.contains("label_keys") {
                self.astray.push(format!("{kind} by {index} with {condition:?}"));
            }
        }
        if kind == "Seq Scan" && node["Relation Name"] == "tasks" {
            self.astray.push(kind.to_owned());
        }
        node["Plans"].as_array().into_iter().flatten().for_each(|node| self.walk(node));
    }
}
