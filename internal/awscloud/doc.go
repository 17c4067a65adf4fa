// Package awscloud holds the ways into AWS: who zesei is in an account (role
// chain, checked identity), how fast it may ask (a budget per account, Region
// and service), how long it waits, how often it tries again, and what an error
// means.
//
// A Cloud hands out an aws.Config for one account, Region and purpose; callers
// make their own service clients from it. Nothing here knows a finding, a case
// or a remedy, and nothing here changes anything in AWS.
//
// Three rules hold for every configuration that comes out of it. The identity
// was seen to belong to the account that was asked for. A write goes only
// through the account's write role or through ambient credentials of that very
// account. And an error tells whether the request was answered, was never sent,
// or is in doubt, because only an answer permits a conclusion.
package awscloud
