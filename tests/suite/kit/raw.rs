//! Raw requests that a proper HTTP client would never send.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Answer;

/// Longer than any response takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends these bytes, closes the sending side and reads one response. The request should ask for
/// `Connection: close`.
pub async fn send_raw(address: SocketAddr, request: &[u8]) -> Answer {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.expect("the server accepts");
        // A server may respond to a bad request and stop reading before it has received all of it.
        let _ = stream.write_all(request).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    let bytes = timeout(PATIENCE, talk).await.expect("the server answers in time");
    parse(&bytes).unwrap_or_else(|| panic!("not a response: {:?}", String::from_utf8_lossy(&bytes)))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse::<StatusCode>().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(name.parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?);
    }
    Some(Answer::new("a raw request", status, headers, bytes[end + 4..].to_vec()))
}
