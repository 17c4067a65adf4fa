package event

// member is a name in the outermost object of an item by which its format is
// recognised.
type member uint8

const (
	memberNone member = iota
	// Security Hub's ASFF (AWS Security Finding Format, required attributes).
	memberSchemaVersion
	memberProductArn
	memberID
	memberGeneratorID
	memberAwsAccountID
	memberResources
	// OCSF (schema.ocsf.io, base event).
	memberClassUID
	memberFindingInfo
	memberMetadata
	// EventBridge's envelope.
	memberDetailType
	memberDetail
	// CloudTrail's record.
	memberEventVersion
	memberEventName
	memberEventSource
	memberEventID
	memberEventTime
	memberUserIdentity
	// LookupEvents' event: the record as a string.
	memberCloudTrailEvent
	// Dome9's compliance notification.
	memberRule
	memberEntity
	memberBundle
	memberPolicy
	memberStatus
	// Wrappers: SNS as Lambda and as HTTP or SQS get it, SQS as Lambda and as
	// ReceiveMessage give it.
	memberSns
	memberMessage
	memberTopicArn
	memberType
	memberBody
	memberUpperBody
	memberMessageID
	memberReceiptHandle
	memberUpperReceiptHandle
	// Things that hold no finding, known so that the reason can say so.
	memberS3
	memberKinesis
	memberAwslogs
	memberFindingArn
	memberArn
	memberService
	memberUpperDetailType
	memberUpperDetail
	// Lists of items.
	memberFindings
	memberUpperFindings
	memberRecords
	memberUpperRecords
	memberEvents
	memberUpperEvents
	memberUpperMessages
	memberCount
)

// members is a set of them: memberCount is below 64.
type members uint64

func (m members) has(all ...member) bool {
	for _, one := range all {
		if m&(1<<one) == 0 {
			return false
		}
	}
	return true
}

func (m members) count(any ...member) (n int) {
	for _, one := range any {
		if m&(1<<one) != 0 {
			n++
		}
	}
	return n
}

// isList says whether an array under this name holds items: GetFindings'
// output, a CloudTrail file, LookupEvents' output, ReceiveMessage's output.
func (m member) isList() bool { return m >= memberFindings }

// itemMembers are names that make an object an item itself: a list inside it
// then belongs to it.
const itemMembers members = 1<<memberSchemaVersion | 1<<memberProductArn | 1<<memberClassUID |
	1<<memberDetailType | 1<<memberDetail | 1<<memberEventName | 1<<memberEntity

func memberOf(name []byte) member {
	switch string(name) {
	case "SchemaVersion":
		return memberSchemaVersion
	case "ProductArn":
		return memberProductArn
	case "Id":
		return memberID
	case "GeneratorId":
		return memberGeneratorID
	case "AwsAccountId":
		return memberAwsAccountID
	case "Resources":
		return memberResources
	case "class_uid":
		return memberClassUID
	case "finding_info":
		return memberFindingInfo
	case "metadata":
		return memberMetadata
	case "detail-type":
		return memberDetailType
	case "detail":
		return memberDetail
	case "eventVersion":
		return memberEventVersion
	case "eventName":
		return memberEventName
	case "eventSource":
		return memberEventSource
	case "eventID":
		return memberEventID
	case "eventTime":
		return memberEventTime
	case "userIdentity":
		return memberUserIdentity
	case "CloudTrailEvent":
		return memberCloudTrailEvent
	case "rule":
		return memberRule
	case "entity":
		return memberEntity
	case "bundle":
		return memberBundle
	case "policy":
		return memberPolicy
	case "status":
		return memberStatus
	case "Sns":
		return memberSns
	case "Message":
		return memberMessage
	case "TopicArn":
		return memberTopicArn
	case "Type":
		return memberType
	case "body":
		return memberBody
	case "Body":
		return memberUpperBody
	case "messageId", "MessageId":
		return memberMessageID
	case "receiptHandle":
		return memberReceiptHandle
	case "ReceiptHandle":
		return memberUpperReceiptHandle
	case "s3":
		return memberS3
	case "kinesis":
		return memberKinesis
	case "awslogs":
		return memberAwslogs
	case "findingArn":
		return memberFindingArn
	case "Arn":
		return memberArn
	case "Service":
		return memberService
	case "DetailType":
		return memberUpperDetailType
	case "Detail":
		return memberUpperDetail
	case "findings":
		return memberFindings
	case "Findings":
		return memberUpperFindings
	case "records":
		return memberRecords
	case "Records":
		return memberUpperRecords
	case "events":
		return memberEvents
	case "Events":
		return memberUpperEvents
	case "Messages":
		return memberUpperMessages
	}
	return memberNone
}
