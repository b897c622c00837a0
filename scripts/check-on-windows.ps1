# Walks through the host side of rdpdoctor on a real Windows, and compares what it reads with what Windows' own tools say.
#   powershell -NoProfile -ExecutionPolicy Bypass -File check-on-windows.ps1 [-Program .\rdpdoctor.exe] [-Repair]
# Windows PowerShell 3 or later; run it as administrator. It writes into a new folder below %TEMP%, and changes no setting but
# with -Repair, after a question: then a Windows Server is closed for new sessions for a minute, mended, and left as it was.
# Not run on a real Windows yet.
param([string]$Program = '.\rdpdoctor.exe', [switch]$Repair)

$ErrorActionPreference = 'Stop'
$utf8 = New-Object System.Text.UTF8Encoding($false)
[Console]::OutputEncoding = $utf8
$Program = (Resolve-Path -LiteralPath $Program).Path
$folder = Join-Path $env:TEMP ('rdpdoctor-check-' + (Get-Date -Format 'yyyyMMdd-HHmmss'))
[void](New-Item -ItemType Directory -Path $folder)
$script:differing = 0

function Write-Same($what, $one, $other) {
    if ("$one" -ceq "$other") { Write-Output "PASS     $what" }
    else { $script:differing++; Write-Output "DIFFERS  ${what}: [$one] [$other]" }
}

function Write-Skipped($what, $why) { Write-Output "SKIPPED  ${what}: $why" }

# Runs the program, keeps what it prints, and gives its exit code.
function Invoke-Program($name, [string[]]$arguments) {
    $ErrorActionPreference = 'Continue'
    $printed = & $Program $arguments 2> (Join-Path $folder "$name.stderr.txt")
    $code = $LASTEXITCODE
    [IO.File]::WriteAllLines((Join-Path $folder $name), [string[]]@($printed), $utf8)
    return $code
}

function Read-Json($name) { return [IO.File]::ReadAllText((Join-Path $folder $name)) | ConvertFrom-Json }

# The value of a reading that was observed, else nothing.
function Get-Observed($reading) {
    if ($reading -is [string] -or $null -eq $reading) { return $null }
    return $reading.observed
}

function Format-Settings($snapshot) {
    foreach ($key in $snapshot.registry.PSObject.Properties | Sort-Object Name) {
        $read = Get-Observed $key.Value
        if ($null -eq $read) { continue }
        foreach ($value in $read.values.PSObject.Properties | Sort-Object Name) {
            '{0}|{1}|{2}' -f $key.Name, $value.Name, ($value.Value | ConvertTo-Json -Compress -Depth 5)
        }
    }
}

function Get-Thumbprints($snapshot) {
    $all = foreach ($store in $snapshot.certificates.PSObject.Properties) {
        foreach ($one in @(Get-Observed $store.Value)) { if ($null -ne $one) { $store.Name + ' ' + $one.thumbprint.ToUpper() } }
    }
    return (@($all) | Sort-Object) -join ', '
}

function Compare-Settings($one, $other) {
    $differing = @(Compare-Object @(Format-Settings $one) @(Format-Settings $other))
    foreach ($line in $differing) { Write-Output ('         ' + $line.SideIndicator + ' ' + $line.InputObject) }
    Write-Same 'settings in the registry that differ between snapshot and collector' 0 $differing.Count
}

function Compare-Certificates($snapshot) {
    $all = foreach ($store in $snapshot.certificates.PSObject.Properties) {
        foreach ($one in @(Get-ChildItem "Cert:\LocalMachine\$($store.Name)" -ErrorAction SilentlyContinue)) {
            if ($null -ne $one) { $store.Name + ' ' + $one.Thumbprint.ToUpper() }
        }
    }
    Write-Same 'thumbprints: snapshot, Cert:' (Get-Thumbprints $snapshot) ((@($all) | Sort-Object) -join ', ')
}

function Compare-Events($snapshot) {
    foreach ($channel in $snapshot.channels.PSObject.Properties) {
        $read = Get-Observed $channel.Value
        if ($null -eq $read) { Write-Skipped "events of $($channel.Name)" 'not in the snapshot, or no such channel'; continue }
        $ErrorActionPreference = 'Continue'
        $status = wevtutil gli $channel.Name 2> $null
        $ErrorActionPreference = 'Stop'
        # The names of these fields are not translated.
        $line = @($status) -match '^numberOfLogRecords:'
        if ($line.Count -eq 0) { Write-Skipped "events of $($channel.Name)" 'wevtutil does not answer'; continue }
        Write-Same "records of $($channel.Name): snapshot, wevtutil (a few more may have come)" $read.records ($line[0] -split '\s+')[1]
    }
}

function Compare-KeyFiles($snapshot) {
    foreach ($keys in $snapshot.key_folders) {
        foreach ($file in @(Get-Observed $keys.files)) {
            $seen = if ($null -ne $file) { Get-Observed $file.descriptor }
            if ($null -eq $seen) { continue }
            $path = Join-Path (Join-Path "$env:SystemDrive\" $keys.path) $file.name
            # icacls writes the name on one line and the descriptor on the next, as UTF-16.
            $saved = Join-Path $folder 'icacls.txt'
            $ErrorActionPreference = 'Continue'
            [void](icacls $path /save $saved 2> $null)
            $ErrorActionPreference = 'Stop'
            if ($LASTEXITCODE -ne 0) { Write-Skipped "rights of $($file.name)" 'icacls is refused'; continue }
            $entries = { param($sddl) (@([regex]::Matches($sddl, '\([^)]*\)')) | ForEach-Object { $_.Value } | Sort-Object) -join '' }
            $own = & $entries ($seen -replace 'S:.*$', '')
            $theirs = & $entries (([IO.File]::ReadAllLines($saved, [Text.Encoding]::Unicode))[1] -replace 'S:.*$', '')
            Write-Same "rights of $($file.name): snapshot, icacls" $own $theirs
        }
    }
}

function Compare-Listeners($snapshot) {
    $read = Get-Observed $snapshot.listeners
    if ($null -eq $read) { Write-Skipped 'listeners' 'not in the snapshot'; return }
    $own = @($read) | ForEach-Object { '{0} {1}' -f $_.address, $_.process } | Sort-Object -Unique
    $netstat = foreach ($line in (netstat -ano)) {
        $fields = $line.Trim() -split '\s+'
        if ($fields.Length -ge 5 -and $fields[0] -eq 'TCP' -and $fields[2] -match ':0$') { '{0} {1}' -f $fields[1], $fields[4] }
    }
    Write-Same 'listeners: snapshot, netstat' ($own -join ', ') ((@($netstat) | Sort-Object -Unique) -join ', ')
}

# What a snapshot has of a name in the DNS cache: its addresses, that there is no such name, or nothing.
function Get-CachedName($file, $name) {
    $all = Get-Observed (Read-Json $file).resolver_cache
    if ($null -eq $all) { return 'the cache was not read' }
    $entry = @($all) | Where-Object { $_.hostname -eq $name }
    if ($null -eq $entry) { return 'nothing' }
    if (@($entry.addresses).Count -eq 0) { return 'no such name' }
    return (@($entry.addresses | ForEach-Object { $_.address }) | Sort-Object) -join ', '
}

function Get-CollectedCache($name) {
    [void](Invoke-Program 'collect-client.ps1' 'client', 'snapshot', '--server', $name, '--format', 'powershell')
    $collected = & powershell -NoProfile -ExecutionPolicy Bypass -File (Join-Path $folder 'collect-client.ps1')
    $file = Join-Path $folder 'collected-client.json'
    [IO.File]::WriteAllLines($file, [string[]]@($collected), $utf8)
    [void](Invoke-Program 'client-collector.json' 'client', 'snapshot', $file, '--server', $name)
    return Get-CachedName 'client-collector.json' $name
}

# The name by which Windows itself sees whether it is online, and one that nobody has: each is looked up once, and has to be in
# the DNS cache then. A third one that nobody looked up must not be, and asking for it must not send anything.
function Compare-Cache {
    $known = 'dns.msftncsi.com'
    $nobody = 'nobody-' + [Guid]::NewGuid().ToString('N') + '.msftncsi.com'
    $unasked = 'unasked-' + [Guid]::NewGuid().ToString('N') + '.msftncsi.com'
    try { $addresses = @([Net.Dns]::GetHostAddresses($known) | ForEach-Object { $_.ToString() } | Sort-Object) }
    catch { Write-Skipped 'the DNS cache' 'no name server answers'; return }
    try { [void][Net.Dns]::GetHostAddresses($nobody) } catch { }
    foreach ($name in $known, $nobody, $unasked) { [void](Invoke-Program "client-$name.json" 'client', 'snapshot', '--server', $name) }
    Write-Same 'DNS cache: snapshot, resolver' (Get-CachedName "client-$known.json" $known) ($addresses -join ', ')
    Write-Same 'DNS cache: a name that nobody has' (Get-CachedName "client-$nobody.json" $nobody) 'no such name'
    Write-Same 'DNS cache: a name that nobody asked for' (Get-CachedName "client-$unasked.json" $unasked) 'nothing'
    if ($null -eq (Get-Command Get-DnsClientCache -ErrorAction SilentlyContinue)) { Write-Skipped 'DNS cache: collector' 'no such cmdlet'; return }
    $found = @(Get-DnsClientCache | Where-Object { $_.Entry -eq $unasked })
    Write-Same 'DNS cache: entries that our question made' 0 $found.Count
    Write-Same 'DNS cache: snapshot, collector' (Get-CachedName "client-$known.json" $known) (Get-CollectedCache $known)
}

function Get-Journals {
    [void](Invoke-Program 'history.json' 'host', 'history', '--format', 'json')
    return @((Read-Json 'history.json').repairs | Where-Object { $null -ne $_ })
}

# A plan changes nothing, and says so.
function Test-Plan {
    $code = Invoke-Program 'plan.txt' 'host', 'fix', '--all', '--no-probe'
    Write-Output "         host fix --all, only planned: exit code $code, see plan.txt"
    $code = Invoke-Program 'plan.json' 'host', 'fix', '--all', '--no-probe', '--format', 'json'
    if ($code -eq 2) { $script:differing++; Write-Output 'DIFFERS  host fix refuses its arguments' }
    $refused = Invoke-Program 'refused.txt' 'host', 'fix', 'firewall-off', '--no-probe'
    $text = [IO.File]::ReadAllText((Join-Path $folder 'refused.txt'))
    Write-Same "a harmful recipe is refused (exit code $refused)" $true ($text -match 'is not done')
}

function Get-DrainMode { return (Get-ItemProperty $server).TSServerDrainMode }

function Restore-DrainMode($before) {
    if ($null -eq $before) { Remove-ItemProperty $server -Name TSServerDrainMode -ErrorAction SilentlyContinue }
    else { Set-ItemProperty $server -Name TSServerDrainMode -Value $before }
}

# Breaks it, mends it, takes that back, mends it for a while, and forgets: each time the registry has to say the same.
function Test-Repair {
    $fix = 'host', 'fix', 'drain-mode', '--no-probe'
    Set-ItemProperty $server -Name TSServerDrainMode -Value 1 -Type DWord
    [void](Invoke-Program 'broken.json' 'host', 'check', '--no-probe', '--format', 'json')
    $found = @((Read-Json 'broken.json').findings | Where-Object { $_.cause -eq 'drain-mode' }).Count
    Write-Same 'drain mode is found' 1 $found
    [void](Invoke-Program 'drain-plan.txt' $fix)
    Write-Same 'a plan changes nothing' 1 (Get-DrainMode)
    $known = @(Get-Journals).Count
    Write-Same 'exit code of host fix --apply' 0 (Invoke-Program 'drain-fixed.txt' ($fix + @('--apply', '--yes')))
    Write-Same 'the value after the repair' 0 (Get-DrainMode)
    $journals = @(Get-Journals)
    Write-Same 'journals that came' 1 ($journals.Count - $known)
    $id = $journals[-1].id
    Write-Same 'how the repair stands' 'made' $journals[-1].standing
    Compare-Place
    Write-Same 'exit code of host undo' 0 (Invoke-Program 'drain-undone.txt' 'host', 'undo', $id, '--yes')
    Write-Same 'the value after the undo' 1 (Get-DrainMode)
    Test-WayBack $fix
    foreach ($one in @(Get-Journals) | Select-Object -Skip $known) {
        Write-Same "exit code of host forget $($one.id)" 0 (Invoke-Program 'forgotten.txt' 'host', 'forget', $one.id, '--yes')
    }
    Write-Same 'journals that are left' $known @(Get-Journals).Count
    if ($known -gt 0) { return }
    Write-Same 'exit code of host forget --all' 0 (Invoke-Program 'forgotten.txt' 'host', 'forget', '--all', '--yes')
    Write-Same 'the journals'' folder is there still' $false (Test-Path (Join-Path $env:ProgramData 'rdpdoctor'))
}

# The task of Windows that takes a repair back: registered, and run at its time.
function Test-WayBack($fix) {
    $code = Invoke-Program 'drain-for.txt' ($fix + @('--apply', '--yes', '--for', '1m'))
    Write-Same 'exit code of host fix --for 1m' 0 $code
    if ($code -ne 0) { return }
    $task = 'rdpdoctor-' + @(Get-Journals)[-1].id
    [void](schtasks /query /tn $task)
    Write-Same 'exit code of schtasks for its task' 0 $LASTEXITCODE
    Write-Output '         waiting for the task, two minutes at most'
    for ($second = 0; $second -lt 120 -and (Get-DrainMode) -ne 1; $second += 5) { Start-Sleep -Seconds 5 }
    Write-Same 'the value after the task has run' 1 (Get-DrainMode)
}

# SYSTEM and Administrators, and nobody else.
function Compare-Place {
    $acl = Get-Acl -LiteralPath (Join-Path $env:ProgramData 'rdpdoctor')
    $sids = $acl.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier]) |
        ForEach-Object { $_.IdentityReference.Value } | Sort-Object -Unique
    Write-Same 'who may open the journals' 'S-1-5-18, S-1-5-32-544' ($sids -join ', ')
}

function Invoke-Repair {
    $isServer = (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\ProductOptions').ProductType -ne 'WinNT'
    if (-not $elevated) { Write-Skipped 'repair' 'not an administrator'; return }
    if (-not $isServer) { Write-Skipped 'repair' 'drain mode is for Windows Server'; return }
    $before = Get-DrainMode
    if ($before) { Write-Skipped 'repair' 'this server is in drain mode already'; return }
    Write-Output 'The server takes no new sessions for up to three minutes; running ones go on. It is left as it is now.'
    if ((Read-Host 'Type yes to agree') -ne 'yes') { Write-Skipped 'repair' 'nobody agreed'; return }
    try { Test-Repair } finally { Restore-DrainMode $before }
    Write-Same 'the value at the end' "$before" "$(Get-DrainMode)"
}

$server = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server'
$elevated = ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole('Administrators')
Write-Output "Windows $([Environment]::OSVersion.Version), PowerShell $($PSVersionTable.PSVersion), administrator: $elevated"
Write-Output (& $Program --version)
Write-Output "Everything is kept in $folder"

Write-Same 'exit code of host snapshot' 0 (Invoke-Program 'snapshot.json' 'host', 'snapshot')
Write-Same 'exit code of the script that collects' 0 (Invoke-Program 'collect.ps1' 'host', 'snapshot', '--format', 'powershell')
$collected = & powershell -NoProfile -ExecutionPolicy Bypass -File (Join-Path $folder 'collect.ps1')
[IO.File]::WriteAllLines((Join-Path $folder 'collected.json'), [string[]]@($collected), $utf8)

$checks = @{ 'here' = @(); 'snapshot' = @((Join-Path $folder 'snapshot.json')); 'collector' = @((Join-Path $folder 'collected.json')) }
$reports = @{}
foreach ($name in 'here', 'snapshot', 'collector') {
    $arguments = @('host', 'check') + $checks[$name] + @('--no-probe', '--format', 'json')
    $code = Invoke-Program "check-$name.json" $arguments
    if ($code -eq 2) { $script:differing++; Write-Output "DIFFERS  host check ($name) refuses its input"; continue }
    $reports[$name] = Read-Json "check-$name.json"
    Write-Output "         host check ($name): $($reports[$name].verdict), root cause [$($reports[$name].root_cause)], exit code $code"
}
$probed = Invoke-Program 'check-probed.txt' 'host', 'check'
Write-Output "         host check with the probe of this machine: exit code $probed, see check-probed.txt"

$snapshot = Read-Json 'snapshot.json'
if ($reports.Count -eq 3) {
    Write-Same 'root cause: here, snapshot' $reports['here'].root_cause $reports['snapshot'].root_cause
    Write-Same 'root cause: snapshot, collector' $reports['snapshot'].root_cause $reports['collector'].root_cause
    $other = $reports['collector'].evidence.host
    $builds = foreach ($one in $snapshot, $other) { $build = Get-Observed $one.build; "$($build.number).$($build.revision)" }
    Write-Same 'build: snapshot, collector' $builds[0] $builds[1]
    Write-Same 'build: snapshot, registry' (Get-Observed $snapshot.build).number `
        (Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').CurrentBuild
    Write-Same 'thumbprints: snapshot, collector' (Get-Thumbprints $snapshot) (Get-Thumbprints $other)
    Compare-Settings $snapshot $other
}
Compare-Certificates $snapshot
Compare-Events $snapshot
Compare-KeyFiles $snapshot
Compare-Listeners $snapshot
Compare-Cache
Test-Plan
if ($Repair) { Invoke-Repair } else { Write-Skipped 'repair' '-Repair was not given' }

Write-Output "$($script:differing) differ. Compare by eye: check-here.json with what you know of this machine, and *.stderr.txt."
if ($script:differing -gt 0) { exit 1 }
