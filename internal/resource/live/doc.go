// Package live reads AWS resources into the one shape that checks and remedies
// know: CloudFormation properties, plus facts that no template can state.
//
// It reads security groups with their exact rules and the network interfaces
// that use them, S3 buckets with what decides who may read them, and the
// account's S3 public access block. It changes nothing and judges nothing.
//
// A read answers one of three things. The resource as it is, perhaps with parts
// that could not be read (resource.Unread, TagsUnread). *resource.NotFoundError
// where AWS itself says that there is no such thing. Any other error, which
// means unknown: a refusal, a throttle or silence never becomes "gone" or "all
// is well".
package live
