package stack

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// principalLogs is the service that hands log lines to functions.
const principalLogs = "logs.amazonaws.com"

// deliveryTimeout bounds what handing over a line may take, starts included.
const deliveryTimeout = 30 * time.Second

// logGroups are where functions log, and who else gets the lines.
type logGroups struct {
	mu            sync.Mutex
	groups        map[string]string         // function's ARN → log group
	subscriptions map[string][]subscription // log group → subscription filters
	deliveries    sync.WaitGroup            // under way
}

func newLogGroups() *logGroups {
	return &logGroups{groups: map[string]string{}, subscriptions: map[string][]subscription{}}
}

func (l *logGroups) add(functionARN, group string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups[functionARN] = group
}

// subscription hands the lines that match a pattern to a function.
type subscription struct {
	name     string
	group    string
	function string // ARN
	member   []any  // where a matching line has a text: keys and indexes
}

// memberPattern is a filter pattern for lines with a text in some member, the
// only one that is known.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
var memberPattern = regexp.MustCompile(`^\{ \$((?:\.\w+|\[\d+\])+) = "\*" \}$`)

func (s *Stack) makeSubscription(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct{ DestinationArn, FilterName, FilterPattern, LogGroupName string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	match := memberPattern.FindStringSubmatch(p.FilterPattern)
	if match == nil {
		return resource{}, fmt.Errorf("the filter pattern %q is %w", p.FilterPattern, ErrUnknown)
	}
	added := subscription{
		name: s.ledger.chosen(logicalID, p.FilterName, s.named(logicalID)), group: p.LogGroupName,
		function: p.DestinationArn, member: memberPath(match[1]),
	}
	if !s.permitted(principalLogs, logGroupARN(p.LogGroupName), p.DestinationArn) {
		return resource{}, fmt.Errorf("%w: of %s by %s for %s", errNotPermitted, p.DestinationArn, principalLogs, p.LogGroupName)
	}
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	s.logs.subscriptions[p.LogGroupName] = append(s.logs.subscriptions[p.LogGroupName], added)
	return resource{ref: added.name}, nil
}

// memberPath reads a path such as .audit[0].type.
func memberPath(text string) []any {
	var path []any
	for _, step := range regexp.MustCompile(`\w+`).FindAllString(text, -1) {
		if index, err := strconv.Atoi(step); err == nil {
			path = append(path, index)
		} else {
			path = append(path, step)
		}
	}
	return path
}

// matches says whether the line is JSON with a text in the member.
func (s subscription) matches(line []byte) bool {
	var value any
	if json.Unmarshal(line, &value) != nil {
		return false
	}
	for _, step := range s.member {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if value = nil; step < len(list) {
				value = list[step]
			}
		}
	}
	_, ok := value.(string)
	return ok
}

// logged hands a line that a function wrote to whoever subscribed to it,
// asynchronously, as CloudWatch Logs does.
func (s *Stack) logged(functionARN string, line []byte) {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	for _, to := range s.logs.subscriptions[s.logs.groups[functionARN]] {
		if !to.matches(line) {
			continue
		}
		message := string(line)
		s.logs.deliveries.Go(func() { s.deliver(to, message) })
	}
}

// deliver hands a line over. Lambda would try twice more after a failure.
func (s *Stack) deliver(to subscription, line string) {
	ctx, cancel := context.WithTimeout(context.Background(), deliveryTimeout)
	defer cancel()
	payload, err := logPayload(to, line, s.options.Now())
	if err == nil {
		_, err = s.invokeFor(ctx, principalLogs, logGroupARN(to.group), to.function, payload)
	}
	if err != nil {
		s.log.Printf("a line of %s was not taken by %s: %v", to.group, to.function, err)
	}
}

// logPayload is what CloudWatch Logs sends to a function.
// https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
func logPayload(to subscription, line string, now time.Time) ([]byte, error) {
	text, err := json.Marshal(map[string]any{
		"messageType": "DATA_MESSAGE", "owner": AccountID, "logGroup": to.group, "logStream": "local",
		"subscriptionFilters": []string{to.name},
		"logEvents":           []any{map[string]any{"id": rand.Text(), "timestamp": now.UnixMilli(), "message": line}},
	})
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"awslogs": map[string]string{"data": base64.StdEncoding.EncodeToString(packed.Bytes())}})
}

// subscribed returns the functions whose lines others get, as ARNs.
func (l *logGroups) subscribed() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var functions []string
	for function, group := range l.groups {
		if len(l.subscriptions[group]) > 0 {
			functions = append(functions, function)
		}
	}
	slices.Sort(functions)
	return functions
}

// drain hands over what the functions logged until now.
func (s *Stack) drain() {
	s.functions.End(s.logs.subscribed()...)
	s.logs.deliveries.Wait()
}

func logGroupARN(name string) string {
	return arn("logs", "log-group:"+name+":*")
}
