# Walks through the host side of rdpdoctor on a real Windows, and compares what it reads with what Windows' own tools say.
#   powershell -NoProfile -ExecutionPolicy Bypass -File check-on-windows.ps1 [-Program .\rdpdoctor.exe]
# Windows PowerShell 3 or later; run it as administrator. It changes no setting. It writes into a new folder below %TEMP%.
# Not run on a real Windows yet.
param([string]$Program = '.\rdpdoctor.exe')

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

Write-Output "$($script:differing) differ. Compare by eye: check-here.json with what you know of this machine, and *.stderr.txt."
if ($script:differing -gt 0) { exit 1 }
