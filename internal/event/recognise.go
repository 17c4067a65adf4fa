package event

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// recognise says what the object that was just scanned is; the error of Unknown
// says what it looks like.
func (r *Reader) recognise(raw []byte) (Format, error) {
	format, looks := recognise(&r.scan, raw)
	if format != Unknown {
		return format, nil
	}
	return Unknown, r.fault(r.w.offset, 0, looks, wanted)
}

// recognise tells the format from the members of the outermost object.
func recognise(s *scan, raw []byte) (Format, string) {
	switch seen := s.seen; {
	case seen.has(memberDetailType, memberDetail):
		return envelopeFormat(s.at[memberDetailType].of(raw)), ""
	case seen.count(memberProductArn, memberSchemaVersion) > 0 &&
		seen.count(memberID, memberGeneratorID, memberAwsAccountID, memberResources) > 1:
		return ASFF, ""
	case seen.has(memberClassUID) && seen.count(memberFindingInfo, memberMetadata) > 0:
		// OCSF numbers the classes of its findings category from 2001 on.
		if class := s.at[memberClassUID].of(raw); len(class) == 4 && class[0] == '2' {
			return OCSF, ""
		} else {
			return Unknown, fmt.Sprintf("an OCSF event of class %s", printable(clip(class, 16)))
		}
	case seen.has(memberEventSource) && isLambdaSource(s.at[memberEventSource].of(raw)) && !seen.has(memberBody):
		return Unknown, lambdaRecord(s, raw)
	case seen.has(memberEventName, memberEventSource),
		seen.has(memberEventVersion) && seen.count(memberEventID, memberEventTime, memberUserIdentity) > 1:
		return CloudTrailItem, ""
	case seen.has(memberRule, memberEntity) && seen.count(memberBundle, memberPolicy, memberStatus) > 0:
		return Dome9, ""
	}
	return Unknown, looksLike(s, raw)
}

// envelopeFormat maps an EventBridge detail-type, as in "Types of Security Hub
// integration with EventBridge" of the Security Hub user guide. Insight results
// hold no finding and are an event like any other.
func envelopeFormat(detailType []byte) Format {
	switch string(detailType) {
	case `"Security Hub Findings - Imported"`:
		return ImportedEvent
	case `"Security Hub Findings - Custom Action"`:
		return CustomAction
	case `"Findings Imported V2"`:
		return ImportedV2
	}
	return OtherEvent
}

func isLambdaSource(quoted []byte) bool { return bytes.HasPrefix(quoted, []byte(`"aws:`)) }

func lambdaRecord(s *scan, raw []byte) string {
	if !s.seen.has(memberS3) {
		return "a record of the event source " + string(printable(clip(s.at[memberEventSource].of(raw), 40)))
	}
	var record struct {
		S3 struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"s3"`
	}
	if json.Unmarshal(raw, &record, lenient) != nil {
		return "an S3 notification"
	}
	return fmt.Sprintf("an S3 notification that names the object s3://%s/%s and does not hold it",
		printable([]byte(record.S3.Bucket.Name)), printable([]byte(record.S3.Object.Key)))
}

// looksLike describes an object for a person who must find out where it came
// from.
func looksLike(s *scan, raw []byte) string {
	seen := s.seen
	switch {
	case seen.has(memberFindingArn):
		return "an Inspector finding as ListFindings prints it, not as Security Hub does"
	case seen.has(memberArn, memberService, memberID):
		return "a GuardDuty finding as GetFindings prints it, not as EventBridge or Security Hub does"
	case seen.has(memberKinesis):
		return "a Kinesis record"
	case seen.has(memberAwslogs):
		return "a CloudWatch Logs subscription"
	case seen.has(memberUpperDetail, memberUpperDetailType):
		return "an entry for PutEvents, not yet an event"
	case seen.has(memberTopicArn, memberType):
		return "an SNS message that is no notification (" + string(printable(clip(s.at[memberType].of(raw), 40))) + ")"
	}
	names := memberNames(raw, 6)
	if len(names) == 0 {
		return "an empty object"
	}
	return "an object with the members " + strings.Join(names, ", ")
}

// memberNames lists the first names of the outermost object.
func memberNames(raw []byte, limit int) (names []string) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), lenient)
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	for len(names) < limit && d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			break
		}
		names = append(names, string(printable(clip([]byte(name.String()), 40))))
		if d.SkipValue() != nil {
			break
		}
	}
	return names
}

// lenient reads what AWS and others really send: repeated names (the last one
// counts) and bytes that are not UTF-8.
var lenient = jsontext.AllowDuplicateNames(true)

// printable makes outside text fit for a message of one line.
func printable(b []byte) []byte {
	q := strconv.AppendQuote(nil, strings.ToValidUTF8(string(b), "\ufffd"))
	q = q[1 : len(q)-1]
	return bytes.ReplaceAll(q, []byte(`\"`), []byte(`"`))
}
