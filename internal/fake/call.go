package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// call is one request on its way through a service.
type call struct {
	cloud     *Cloud
	service   *service
	operation string
	scope     scope
	who       Principal
	http      *http.Request
	body      []byte
	form      url.Values        // query protocols
	path      map[string]string // labels of REST paths, bucket and key of S3
	requestID string
	stale     bool // read the state before the last write
	partial   int  // how many items of a batch must fail
	since     time.Time
	// resources are the ARNs or ids that CloudTrail would list.
	resources []trailResource
	response  any // responseElements of the CloudTrail record
}

func (c *call) account() string      { return c.who.Account }
func (c *call) regionName() string   { return c.scope.region }
func (c *call) now() time.Time       { return c.cloud.now().UTC() }
func (c *call) region() *region      { return c.cloud.region(c.who.Account, c.scope.region) }
func (c *call) ownAccount() *account { return c.cloud.accounts[c.who.Account] }

// bind reads a JSON body. An unreadable body is the caller's fault.
func (c *call) bind(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return &apiError{Code: "SerializationException", Message: err.Error(), Status: http.StatusBadRequest}
	}
	return nil
}

// apiError is an error in a service's own words.
type apiError struct {
	Code, Message string
	Status        int
	// Fields are further members of the error's shape.
	Fields map[string]any
	// QueryCode is the code of the older query protocol, which SQS still sends.
	QueryCode string
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// waiting asks the dispatcher to run the operation again when state has moved,
// at the latest at the given time: long polling.
type waiting struct{ until time.Duration }

func (waiting) Error() string { return "waiting for a message" }

// operation is one API operation of a service.
type operation struct {
	run func(*call) (any, error)
	// write operations change state and are recorded by CloudTrail.
	write bool
	// data operations change state but are no management events.
	data bool
}

func read(run func(*call) (any, error)) operation  { return operation{run: run} }
func write(run func(*call) (any, error)) operation { return operation{run: run, write: true} }

func data(run func(*call) (any, error)) operation {
	return operation{run: run, write: true, data: true}
}

// service is one AWS service: its protocol and its operations.
type service struct {
	name     string // as in the credential scope; s3control shares s3's
	source   string // eventSource of CloudTrail
	protocol protocol
	// denied and throttled are the codes and statuses that this service really
	// answers with.
	denied, throttled refusal
	operations        map[string]operation
}

type refusal struct {
	code   string
	status int
}

// protocol reads requests and writes answers in one of AWS's wire formats.
type protocol interface {
	// operation names the operation and may set c.form and c.path.
	operation(c *call) (string, error)
	answer(w http.ResponseWriter, c *call, out any)
	refuse(w http.ResponseWriter, c *call, err *apiError)
	// input is the request as the journal shows it.
	input(c *call) json.RawMessage
}

func allServices() map[string]*service {
	all := map[string]*service{}
	for _, s := range []*service{
		stsService(), securityHubService(), ec2Service(), s3Service(), s3ControlService(),
		secretsService(), ssmService(), sqsService(), snsService(), cloudTrailService(),
		organizationsService(), eventBridgeService(), configService(),
	} {
		all[s.name] = s
	}
	return all
}
