//! People with accounts: they sign up and have a token for the API.

use reqwest::Client;
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::{Failure, Result};

/// Everybody's password.
const PASSWORD: &str = "correct horse battery";

#[derive(Clone)]
pub struct Person {
    base: String,
    client: Client,
    id: String,
    email: String,
    token: String,
    address: String,
}

impl Person {
    pub async fn sign_up_all(base: &str, count: usize) -> Result<Vec<Self>> {
        // The library needs a crypto provider even though this benchmark uses plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // All people share the connections, as behind a proxy.
        let client = Client::builder().no_proxy().build()?;
        let mut people = Vec::with_capacity(count);
        for number in 0..count {
            people.push(Self::sign_up(base, client.clone(), number).await?);
        }
        Ok(people)
    }

    async fn sign_up(base: &str, client: Client, number: usize) -> Result<Self> {
        let (email, address) = (format!("person{number}@example.com"), format!("192.0.2.{number}"));
        let signed_up = client
            .post(format!("{base}/api/auth/sign-up/email"))
            .header("x-forwarded-for", &address)
            .json(&json!({"name": "A person", "email": email, "password": PASSWORD}))
            .send()
            .await?
            .error_for_status()?;
        let cookie = signed_up.headers().get(SET_COOKIE).ok_or("no cookie is set")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let id = text(signed_up.json::<Value>().await?.pointer("/user/id"))?;
        let token = client.get(format!("{base}/api/auth/token")).header("cookie", cookie).send().await?;
        let token = text(token.error_for_status()?.json::<Value>().await?.get("token"))?;
        Ok(Self { base: base.to_owned(), client, id, email, token, address })
    }

    /// Signs in from this person's address; returns the status.
    pub async fn sign_in(&self) -> Result<u16> {
        self.attempt(PASSWORD, &self.address).await
    }

    /// Tries a password from this address; returns the status.
    pub async fn attempt(&self, password: &str, address: &str) -> Result<u16> {
        let answer = self
            .client
            .post(format!("{}/api/auth/sign-in/email", self.base))
            .header("x-forwarded-for", address)
            .json(&json!({"email": self.email, "password": password}))
            .send()
            .await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok(status)
    }

    pub async fn list_tasks(&self) -> Result<()> {
        let request = self.client.get(self.tasks()).bearer_auth(&self.token);
        request.send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    pub async fn create_task(&self) -> Result<()> {
        let request = self.client.post(self.tasks()).bearer_auth(&self.token);
        request.json(&json!({"title": "Buy milk"})).send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    fn tasks(&self) -> String {
        format!("{}/api/{}/tasks", self.base, self.id)
    }
}

fn text(value: Option<&Value>) -> Result<String> {
    Ok(value.and_then(Value::as_str).ok_or_else(|| Failure::from("an answer lacks what it must have"))?.to_owned())
}
