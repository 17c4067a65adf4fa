// Package resource holds the one shape in which zesei looks at an AWS resource:
// a CloudFormation type name and properties as a CloudFormation template would
// state them, whether they were read live, from a template or from Terraform.
//
// Checks (package control) and remedies read this shape only, so the same check
// serves verification, scans and the pre-deploy check. Reading a live resource
// is package live's work; this package does no I/O.
package resource

import "fmt"

// Ref names a resource.
type Ref struct {
	Partition string // aws, aws-cn, aws-us-gov
	Account   string // 12 digits
	Region    string // a Region, or "global"
	Type      string // CloudFormation type name, e.g. AWS::EC2::SecurityGroup
	ARN       string // canonical ARN
}

// Resource is a resource as it is. Properties follow the CloudFormation
// resource specification of its type; an absent property is absent, not zero.
type Resource struct {
	Ref
	ID   string // the service's own id: sg-…, bucket name
	Name string
	Tags map[string]string
	// TagsUnread is set where tags exist but could not be read: filters on tags
	// then fail closed.
	TagsUnread bool
	Properties map[string]any
	// Facts are things that a template cannot state and some checks or guards
	// need (network interfaces that use a group, public policy status).
	Facts map[string]any
}

// NotFoundError is returned by a read when AWS answers that the resource does
// not exist. It is the only error that means "gone".
type NotFoundError struct{ Ref Ref }

func (e *NotFoundError) Error() string { return fmt.Sprintf("%s does not exist", e.Ref.ARN) }
