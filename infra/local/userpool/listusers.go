package userpool

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxPage is the longest page of ListUsers, and its default.
const maxPage = 60

type listUsersInput struct {
	forPool
	AttributesToGet []string
	Filter          string
	Limit           *int
	PaginationToken string
}

type listUsersOutput struct {
	Users           []userType
	PaginationToken string `json:",omitempty"`
}

// listUsers lists users in order of their names. The token of the next page is the last name of this one.
func (p *Pool) listUsers(_ *call, in listUsersInput) (out listUsersOutput, err error) {
	limit := maxPage
	if in.Limit != nil && *in.Limit != 0 {
		limit = *in.Limit
	}
	if limit < 1 || limit > maxPage {
		return out, fail(invalidParameter, "Limit %d: want 1 to %d", limit, maxPage)
	}
	matches, err := p.parseFilter(in.Filter)
	if err != nil {
		return out, err
	}
	keep := every
	if in.AttributesToGet != nil {
		wanted := set(in.AttributesToGet)
		keep = func(name string) bool { return wanted[name] }
	}
	out.Users = []userType{}
	for _, name := range slices.Sorted(maps.Keys(p.Users)) {
		u := p.Users[name]
		if name <= in.PaginationToken || !matches(u) {
			continue
		}
		if len(out.Users) == limit {
			out.PaginationToken = out.Users[limit-1].Username
			break
		}
		out.Users = append(out.Users, u.typed(keep))
	}
	return out, nil
}

// filterPattern is the grammar of Filter: a name, = or ^= and a quoted value, in which \ escapes.
var filterPattern = regexp.MustCompile(`^\s*"?([a-z_:]+)"?\s*(\^?=)\s*("(?:[^"\\]|\\.)*")\s*$`)

// filterable: attribute that ListUsers filters by → its value for a user.
var filterable = map[string]func(u *user) string{
	"username": func(u *user) string { return u.Username },
	attrStatus: func(u *user) string { return string(u.Status) },
	"status": func(u *user) string {
		if u.Enabled {
			return "Enabled"
		}
		return "Disabled"
	},
	attrEmail: attributeOf(attrEmail), attrPhone: attributeOf(attrPhone), attrSub: attributeOf(attrSub),
	attrPreferredUsername: attributeOf(attrPreferredUsername), "name": attributeOf("name"),
	"given_name": attributeOf("given_name"), "family_name": attributeOf("family_name"),
}

func attributeOf(name string) func(u *user) string {
	return func(u *user) string { return u.Attributes[name] }
}

// parseFilter reads a Filter; an empty one matches everyone. Values compare as the pool's names do.
func (p *Pool) parseFilter(filter string) (func(u *user) bool, error) {
	if strings.TrimSpace(filter) == "" {
		return func(*user) bool { return true }, nil
	}
	parts := filterPattern.FindStringSubmatch(filter)
	if parts == nil {
		return nil, fail(invalidParameter, `Filter %q: want name = "value" or name ^= "value"`, filter)
	}
	value, err := strconv.Unquote(parts[3])
	if err != nil {
		return nil, fail(invalidParameter, "Filter %q: reading the value: %v", filter, err)
	}
	get, ok := filterable[parts[1]]
	if !ok {
		return nil, fail(invalidParameter, "Filter %q: users can't be filtered by %s", filter, parts[1])
	}
	compare := strings.HasPrefix
	if parts[2] == "=" {
		compare = func(s, want string) bool { return s == want }
	}
	want := p.fold(value)
	return func(u *user) bool { return compare(p.fold(get(u)), want) }, nil
}
