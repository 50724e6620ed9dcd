//! An issuer that misbehaves as a test demands, and counts its requests. It speaks only as much HTTP as
//! the tests need.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// Longer than the server takes until it asks.
const PATIENCE: Duration = Duration::from_secs(20);

/// The response for a path.
#[derive(Clone)]
pub enum Page {
    /// 200 with this body.
    Json(String),
    /// 200 with this header line and this body.
    JsonWith(&'static str, String),
    /// Exactly these bytes.
    Raw(String),
    /// A redirect.
    Moved(String),
    /// No response; the connection stays open.
    Silence,
    /// The head of a response without its body; the connection stays open.
    HalfAnAnswer,
    /// A response that never ends.
    Endless,
    /// The connection closes without a response.
    Broken,
}

/// Runs for as long as the test's runtime.
pub struct FakeIssuer {
    pub url: String,
    pages: Arc<Mutex<HashMap<String, Page>>>,
    asked: watch::Receiver<HashMap<String, usize>>,
}

impl FakeIssuer {
    /// Starts an issuer that serves only this key set, at `/jwks`.
    pub async fn publishing(keys: String) -> Self {
        let issuer = Self::start().await;
        issuer.has("/jwks", Page::Json(keys));
        issuer
    }

    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = Arc::new(Mutex::new(HashMap::new()));
        let (count, asked) = watch::channel(HashMap::new());
        let served = Arc::clone(&pages);
        tokio::spawn(async move {
            let count = Arc::new(count);
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&served), Arc::clone(&count)));
            }
        });
        Self { url, pages, asked }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Serves this page at this path from now on.
    pub fn has(&self, path: &str, page: Page) {
        self.pages.lock().expect("no panic while locked").insert(path.to_owned(), page);
    }

    /// The number of requests for this path so far.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.borrow().get(path).copied().unwrap_or_default()
    }

    /// Waits until this path has had at least this many requests.
    pub async fn asked_times(&self, path: &str, times: usize) {
        let mut asked = self.asked.clone();
        let often = asked.wait_for(|asked| asked.get(path).is_some_and(|count| *count >= times));
        timeout(PATIENCE, often).await.expect("the server asks in time").expect("the issuer runs");
    }
}

async fn answer(
    mut stream: TcpStream,
    pages: Arc<Mutex<HashMap<String, Page>>>,
    count: Arc<watch::Sender<HashMap<String, usize>>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let page = pages.lock().expect("no panic while locked").get(&path).cloned();
    count.send_modify(|count| *count.entry(path).or_default() += 1);
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let sized = |more: &str, body: &str| format!("{json}{more}content-length: {}\r\n\r\n{body}", body.len());
    let bytes = match page {
        None => "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
        Some(Page::Json(body)) => sized("", &body),
        Some(Page::JsonWith(header, body)) => sized(&format!("{header}\r\n"), &body),
        Some(Page::Raw(bytes)) => bytes,
        Some(Page::Moved(to)) => {
            format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        }
        Some(Page::Broken) => String::new(),
        Some(Page::Silence) => return std::future::pending().await,
        Some(Page::HalfAnAnswer) => {
            stream.write_all(format!("{json}content-length: 1000\r\n\r\n{{\"keys\":[").as_bytes()).await?;
            return std::future::pending().await;
        }
        Some(Page::Endless) => {
            stream.write_all(format!("{json}\r\n{{\"keys\":[").as_bytes()).await?;
            let padding = " ".repeat(16 * 1024);
            loop {
                stream.write_all(padding.as_bytes()).await?;
            }
        }
    };
    stream.write_all(bytes.as_bytes()).await?;
    stream.shutdown().await
}
