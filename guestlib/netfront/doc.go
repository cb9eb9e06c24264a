// Package netfront is the front end for network interfaces.
//
// A [Link] sends and receives Ethernet frames, several with each call: the back end is notified once for all of them, and not
// at all while it is busy.
//
// # Two rings
//
// To send, a request names a page with a frame; the response says that the page may be used again. To receive, requests name
// empty pages, which the back end fills; responses say which part of the page has the frame. All pages stay shared as long
// as the device is connected, and frames are copied: so that the back end sees nothing but frames, and so that a frame that is
// being looked at is not changed by it. The page of slot n of the ring for receiving goes into slot n again, for ever, so the
// back end can't say which page it filled, only that it did.
//
// Nobody needs to know at once that a frame was sent. So the responses to what was sent are taken by those who send more, and
// an event is asked for only when all pages are in use.
//
// # What is left out
//
// A frame lies in one page: scattering and segmentation (feature-sg, feature-gso-*) are neither offered nor used. That is enough
// for the usual MTU of 1500 bytes, and up to 4078.
//
// # Checksums
//
// What is sent has its checksums. A frame that comes from another domain of the same host may have a TCP or UDP checksum that
// nobody filled in, because it never was on a wire (NETRXF_csum_blank); [Link.Receive] does it then, so that who gets
// the frame need not know, and says that there is no need to check it.
package netfront
