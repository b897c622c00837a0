//! The cache of the resolver: what it has of one name, without a packet.
//!
//! The service `Dnscache` keeps it. Where there is no such service (Wine), a query for the cache alone would go over the
//! network, and nothing is asked. The option to ask for the cache alone is `DNS_QUERY_NO_WIRE_QUERY` ("DNS Constants", Microsoft
//! Learn); the other options leave out what else answers without a packet, the hosts file first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;
use std::time::{SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::{
    DNS_ERROR_RCODE_NAME_ERROR, DNS_ERROR_RECORD_DOES_NOT_EXIST, DNS_INFO_NO_RECORDS, ERROR_SUCCESS,
};
use windows_sys::Win32::NetworkManagement::Dns::{
    DNS_QUERY_NO_HOSTS_FILE, DNS_QUERY_NO_LOCAL_NAME, DNS_QUERY_NO_MULTICAST, DNS_QUERY_NO_NETBT,
    DNS_QUERY_NO_WIRE_QUERY, DNS_QUERY_OPTIONS, DNS_RECORDA, DNS_RECORDW, DNS_TYPE, DNS_TYPE_A, DNS_TYPE_AAAA, DnsFree,
    DnsFreeRecordList, DnsQuery_W,
};
use windows_sys::Win32::System::Services::SERVICE_RUNNING;

use super::service;
use super::system::{why, wide};
use crate::{Answer, CachedAddress, CachedName, Unreadable};

/// Who keeps the cache.
const KEEPER: &str = "Dnscache";
const CACHE_ALONE: DNS_QUERY_OPTIONS = DNS_QUERY_NO_WIRE_QUERY
    | DNS_QUERY_NO_HOSTS_FILE
    | DNS_QUERY_NO_LOCAL_NAME
    | DNS_QUERY_NO_NETBT
    | DNS_QUERY_NO_MULTICAST;
const NO_RECORDS: u32 = DNS_INFO_NO_RECORDS.cast_unsigned();
/// Records of one answer that are looked at.
const MOST_RECORDS: usize = 64;

/// What the cache has of a name.
pub(super) fn cached(name: &str) -> Answer<CachedName> {
    match service::status(KEEPER)? {
        None => return Err(Unreadable::NoAnswer),
        Some(keeper) if keeper.state != SERVICE_RUNNING => return Ok(None),
        Some(_) => {}
    }
    let (mut four, six) = (asked(name, DNS_TYPE_A)?, asked(name, DNS_TYPE_AAAA)?);
    four.addresses.extend(six.addresses);
    if !four.addresses.is_empty() {
        return Ok(Some(CachedName::Addresses(four.addresses)));
    }
    if !denies(four.code, six.code) {
        return Ok(None);
    }
    // A denial tells only where a name that nobody can have asked for is answered otherwise.
    let stranger = asked(&unheard_of(), DNS_TYPE_A)?;
    Ok((stranger.code == DNS_ERROR_RECORD_DOES_NOT_EXIST).then_some(CachedName::Denied))
}

/// Whether both answers together say that a name does not exist, or has an address of neither family.
fn denies(four: u32, six: u32) -> bool {
    [four, six].contains(&DNS_ERROR_RCODE_NAME_ERROR) || [four, six] == [NO_RECORDS; 2]
}

fn unheard_of() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("n{:x}.invalid", now.as_nanos())
}

/// What was answered for one type.
struct Asked {
    code: u32,
    addresses: Vec<CachedAddress>,
}

fn asked(name: &str, kind: DNS_TYPE) -> Result<Asked, Unreadable> {
    let name = wide(name)?;
    let mut records: *mut DNS_RECORDA = ptr::null_mut();
    // SAFETY: the name is terminated, what is reserved is null, and the list valid for writes.
    let code =
        unsafe { DnsQuery_W(name.as_ptr(), kind, CACHE_ALONE, ptr::null_mut(), &raw mut records, ptr::null_mut()) };
    // The headers declare the list of the wide function by the other one's record.
    let records = Records(records.cast());
    match code {
        ERROR_SUCCESS => Ok(Asked { code, addresses: records.addresses() }),
        DNS_ERROR_RCODE_NAME_ERROR | NO_RECORDS | DNS_ERROR_RECORD_DOES_NOT_EXIST => {
            Ok(Asked { code, addresses: Vec::new() })
        }
        code => Err(why(code)),
    }
}

/// What Windows allocated for us.
struct Records(*mut DNS_RECORDW);

impl Records {
    fn addresses(&self) -> Vec<CachedAddress> {
        let mut addresses = Vec::new();
        let mut next = self.0;
        for _ in 0..MOST_RECORDS {
            // SAFETY: the pointer is null or one of the list's, which lives until it is freed.
            let Some(record) = (unsafe { next.as_ref() }) else { break };
            addresses.extend(address(record).map(|address| CachedAddress { address, seconds: record.dwTtl }));
            next = record.pNext;
        }
        addresses
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: Windows allocated the list for us, and it is freed once.
            unsafe { DnsFree(self.0.cast_const().cast(), DnsFreeRecordList) };
        }
    }
}

/// The address of a record of the answer itself; authorities and what is added are other hosts'.
fn address(record: &DNS_RECORDW) -> Option<IpAddr> {
    const SECTION: u32 = 3;
    const ANSWER: u32 = 1;
    // SAFETY: every bit pattern is a number.
    if unsafe { record.Flags.DW } & SECTION > ANSWER {
        return None;
    }
    match record.wType {
        // SAFETY: the type says which of the data it is; its bytes are in the order of the network.
        DNS_TYPE_A => Some(Ipv4Addr::from(unsafe { record.Data.A.IpAddress }.to_ne_bytes()).into()),
        // SAFETY: the same.
        DNS_TYPE_AAAA => Some(Ipv6Addr::from(unsafe { record.Data.AAAA.Ip6Address.IP6Byte }).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_family_without_addresses_is_no_denial() {
        assert!(denies(DNS_ERROR_RCODE_NAME_ERROR, DNS_ERROR_RECORD_DOES_NOT_EXIST));
        assert!(denies(NO_RECORDS, NO_RECORDS));
        assert!(!denies(DNS_ERROR_RECORD_DOES_NOT_EXIST, NO_RECORDS));
        assert!(!denies(DNS_ERROR_RECORD_DOES_NOT_EXIST, DNS_ERROR_RECORD_DOES_NOT_EXIST));
    }

    #[test]
    fn addresses_of_the_answer_count_and_those_beside_it_do_not() {
        let mut record = DNS_RECORDW { wType: DNS_TYPE_A, ..Default::default() };
        record.Flags.DW = 1;
        record.Data.A.IpAddress = u32::from_ne_bytes([10, 0, 0, 5]);
        assert_eq!(address(&record), Some("10.0.0.5".parse().unwrap()));
        record.Flags.DW = 3;
        assert_eq!(address(&record), None);
        record = DNS_RECORDW { wType: DNS_TYPE_AAAA, ..Default::default() };
        record.Data.AAAA.Ip6Address.IP6Byte = Ipv6Addr::LOCALHOST.octets();
        assert_eq!(address(&record), Some(Ipv6Addr::LOCALHOST.into()));
    }
}
